"""What operators do to items, and what becomes of them afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_bgsync import tallies
from django_bgsync.enums import Operation
from django_bgsync.exceptions import InvalidSelection
from django_bgsync.models import DeliveryAttempt, ItemNote, OperatorAction, SyncItem, SyncTag
from django_bgsync.operations import actions
from django_bgsync.operations.selections import Selection
from django_bgsync.signals import item_rejected
from django_bgsync.upkeep import sweep
from tests.app.bgsync import ANSWER
from tests.deliveries import age_claim, claim, effects_of, history_of, make_due, make_item, result, row_of, script

HOUR = timedelta(hours=1)


def operate(kind, *items, reason="", **features):
    """Do it to these items, or to those with the features."""
    ids = tuple(row_of(item).pk for item in items)
    return actions.request(Operation(kind), Selection(id=ids, **features), username="root", reason=reason)


def notes_of(item):
    notes = ItemNote.objects.filter(item=row_of(item).pk).order_by("pk")
    return list(notes.values_list("kind", "state", "code"))


def kill(device, item):
    """Let an item fail until it is dead."""
    device.send(item)
    for _ in range(2):
        make_due(item)
        device.ask(item)
    assert row_of(item).code == "dead"


@pytest.fixture
def heard():
    """The items of which the signal says that they were rejected."""
    found = []

    def listen(item, **kwargs):
        found.append(item.item_id)

    item_rejected.connect(listen)
    yield found
    item_rejected.disconnect(listen)


@pytest.mark.parametrize("step", ["reject", "conflict", "return NaN"])
def test_retry_of_parked(device, step):
    """A parked item is due at once, and counts its tries on; the device hears of it at its next contact."""
    item = script(step, "apply")
    device.send(item)
    before = row_of(item)
    action = operate("retry", item)

    assert (action.state, action.done, action.skipped) == ("done", 1, 0)
    assert notes_of(item) == [("reopened", before.state, before.code)]
    assert device.ask(item) == [result(item, result="done", replayed=True)]
    assert [number for number, *_ in history_of(item)] == [1, 2]


def test_retry_of_waiting(device):
    """What waits for its next try is due at once, with all of its tries before it."""
    item = script("fail", "apply")
    device.send(item)
    assert row_of(item).next_at > timezone.now()
    operate("retry", item)

    assert (row_of(item).failures, row_of(item).state) == (0, "received")
    assert sweep.sweep() == 1
    assert effects_of(item) == 1


def test_retry_of_dead_releases_its_lane(device):
    """What is held behind a dead item goes on once that is applied."""
    first = script("fail", "fail", "fail", "apply", lane="orders")
    kill(device, first)
    second = make_item(lane="orders", after=first["id"])
    assert device.send(second)[0]["code"] == "held"
    operate("retry", first)
    sweep.sweep()

    assert [row_of(item).state for item in (first, second)] == ["applied", "applied"]


def test_discard(device, heard):
    """A discarded item is rejected for good, with the operator's reason; the device hears of it."""
    item = script("fail")
    device.send(item)
    action = operate("discard", item, reason="A test order.")
    answer = result(item, "rejected", "discarded", problem={"detail": "A test order."}, replayed=True)

    assert action.done == 1
    assert notes_of(item) == [("discarded", "waiting", "retrying")]
    assert device.ask(item) == [answer]
    assert device.send({**item, "retry": 1, "send_count": 2}) == [answer]
    assert [str(pk) for pk in heard] == [item["id"]]
    assert (row_of(item).next_at, row_of(item).finished_at is None, sweep.sweep()) == (None, False, 0)


def test_discard_releases_its_lane(device):
    """What was held behind a dead item goes on when that is discarded."""
    first = script("fail", lane="orders")
    kill(device, first)
    second = make_item(lane="orders", after=first["id"])
    device.send(second)
    SyncItem.objects.filter(state="held").update(next_at=timezone.now() + HOUR)
    operate("discard", first, reason="Never.")
    sweep.sweep()

    assert [row_of(item).state for item in (first, second)] == ["rejected", "applied"]


def test_discard_of_what_a_dead_process_left(device):
    """A try whose process is gone is in the history of an item that is discarded before anybody picks it up."""
    item = make_item("background")
    device.send(item)
    claim(item)
    SyncItem.objects.update(claimed_by="worker")
    age_claim(item)
    operate("discard", item, reason="It kills workers.")

    assert history_of(item) == [(1, "worker", "lost", "retrying")]
    assert (row_of(item).code, row_of(item).lost, row_of(item).claimed_at) == ("discarded", 1, None)


def test_release(device):
    """A held item no longer waits; its note remembers for what."""
    first = script("fail", lane="orders")
    kill(device, first)
    second = make_item(lane="orders", after=first["id"])
    device.send(second)
    action = operate("release", second)
    [note] = ItemNote.objects.all()

    assert (action.done, note.kind, str(note.after)) == (1, "released", first["id"])
    assert device.ask(second) == [result(second, result=ANSWER, replayed=True)]
    assert (row_of(first).code, row_of(second).state) == ("dead", "applied")


@pytest.mark.parametrize("kind", ["retry", "discard", "release"])
def test_being_tried(device, kind):
    """An item that somebody is trying is left alone, and that is said."""
    item = script("fail", lane="orders")
    device.send(item)
    state = "held" if kind == "release" else "waiting"
    SyncItem.objects.update(state=state, claimed_at=timezone.now(), claimed_by="worker")
    before = SyncItem.objects.values().get()
    action = operate(kind, item, reason="x")

    assert (action.state, action.done, action.skipped) == ("done", 0, 1)
    assert SyncItem.objects.values().get() == before
    assert notes_of(item) == []


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("retry", {"state": "applied"}),
        ("retry", {"code": "discarded"}),
        ("retry", {"payload": None}),
        ("retry", {"tag": "http:pay"}),
        ("discard", {"state": "applied"}),
        ("discard", {"code": "discarded"}),
        ("release", {}),
        ("recover", {}),
    ],
)
def test_nothing_to_do(device, kind, change):
    """Rows that an operation makes no sense for are not even counted."""
    item = script("reject")
    device.send(item)
    SyncItem.objects.update(**change)
    before = SyncItem.objects.values().get()
    action = operate(kind, item, reason="x")

    assert (action.total, action.done, action.skipped) == (0, 0, 0)
    assert SyncItem.objects.values().get() == before


def test_recover(device):
    """What failed through no decision of a handler since a time is due again; what was decided stays."""
    dead, bad = script("fail", "fail", "fail", "apply"), script("return NaN", "apply")
    waiting, refused, old = script("fail", "apply"), script("reject"), script("return NaN")
    kill(device, dead)
    device.send(bad, waiting, refused, old)
    SyncItem.objects.filter(item_id=old["id"]).update(finished_at=timezone.now() - 2 * HOUR)
    action = operate("recover", tag="script", since=timezone.now() - HOUR)
    sweep.sweep()

    assert action.done == 3
    states = [row_of(item).state for item in (dead, bad, waiting, refused, old)]
    assert states == ["applied", "applied", "applied", "rejected", "rejected"]


def test_recover_by_code(device):
    """With a code it is what has that code, and nothing else."""
    dead, refused = script("fail", "fail", "fail", "apply"), script("reject", "apply")
    kill(device, dead)
    device.send(refused, script("fail"))

    assert operate("recover", code="rejected", since=timezone.now() - HOUR).done == 1
    assert [row_of(item).state for item in (dead, refused)] == ["rejected", "received"]


def test_refused_on_receipt(device):
    """What was refused on receipt keeps that in its history, and in the figures, when it is opened."""
    SyncTag.objects.create(name="note", state="closed")
    item = make_item()
    assert device.send(item)[0]["code"] == "tag_closed"
    day = (timezone.now() - 12 * HOUR, timezone.now() + 12 * HOUR)
    [rejected] = [stat.rejected for stat in tallies.count(*day).values()]
    operate("retry", item)
    device.ask(item)

    assert [rejected] == [stat.rejected for stat in tallies.count(*day).values()]
    assert history_of(item) == [(0, "receipt", "rejected", "tag_closed"), (1, "awaiting", "applied", "ok")]


def test_users_retry_is_noted(device):
    """Also what a user opens is noted, without an action."""
    item = script("reject", "apply")
    device.send(item)
    device.send({**item, "retry": 1, "send_count": 2})

    assert notes_of(item) == [("reopened", "rejected", "rejected")]
    assert ItemNote.objects.get().action_id is None


def test_nothing_selected(db):
    """An empty selection stands for nothing, and never for everything."""
    with pytest.raises(InvalidSelection, match=r"Nothing is selected\."):
        actions.request(Operation.DISCARD, Selection(), reason="x")
    assert not OperatorAction.objects.exists()


def test_asked_twice(device):
    """The same request again does nothing, and finds what the first one became."""
    item = script("reject", "reject", "reject")
    device.send(item)
    action = operate("retry", item)
    sweep.sweep()
    again = actions.request(Operation.RETRY, Selection(id=(row_of(item).pk,)), pk=action.pk)

    assert (again.pk, again.done, OperatorAction.objects.count()) == (action.pk, 1, 1)
    assert row_of(item).state == "rejected"
    assert DeliveryAttempt.objects.count() == 2
