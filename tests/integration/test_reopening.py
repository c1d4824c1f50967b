"""`retry`: the user asks to try a parked item again."""

from __future__ import annotations

import pytest
from django.utils import timezone
from rest_framework.permissions import IsAdminUser

from django_bgsync.handlers import registry
from django_bgsync.models import ConflictingCopy, SyncItem, SyncTag
from django_bgsync.upkeep import sweep
from tests.deliveries import ITEMS, effects_of, history_of, make_due, make_item, result, row_of, script


@pytest.mark.parametrize(
    ("step", "status", "code"),
    [
        ("reject", "rejected", "rejected"),
        ("conflict", "conflict", "conflict"),
        ("return NaN", "rejected", "bad_result"),
    ],
)
def test_reopened(device, step, status, code):
    """A higher retry opens a parked item, and its handler is tried at once."""
    item = script(step, "apply")
    device.send(item)

    assert device.send({**item, "retry": 1}) == [result(item, result="done", replayed=True)]
    assert history_of(item) == [(1, "receipt", status, code), (2, "replay", "applied", "ok")]
    assert (row_of(item).retry, row_of(item).finished_at is None) == (1, False)


@pytest.mark.parametrize("retry", [0, 1])
def test_once_for_each_retry(device, retry):
    """The same retry again, or a lower one, is a replay of the stored answer."""
    item = script("reject", "conflict", "apply")
    device.send(item)
    first = device.send({**item, "retry": 1})

    assert first[0]["status"] == "conflict"
    assert device.send({**item, "retry": retry}) == first
    assert len(history_of(item)) == 2
    assert device.send({**item, "retry": 5})[0]["status"] == "applied"


def test_retry_of_the_first_delivery(device):
    """What a client says at the first delivery is where counting starts."""
    item = script("reject", "apply", retry=3)
    device.send(item)

    assert device.send(item)[0]["status"] == "rejected"
    assert device.send({**item, "retry": 4})[0]["status"] == "applied"


def test_dead_item_has_all_its_tries_again(device):
    """A reopened item may fail as often as a new one before it is dead."""
    item = script("fail")
    device.send(item)
    for _ in range(2):
        make_due(item)
        device.ask(item)
    assert row_of(item).code == "dead"

    assert device.send({**item, "retry": 1})[0]["code"] == "retrying"
    assert (row_of(item).failures, row_of(item).attempts) == (1, 4)
    assert row_of(item).reopened_at <= timezone.now()


def test_applied_items_stay_applied(device):
    """What is done is not done again, whatever the retry."""
    item = make_item()
    device.send(item)

    assert device.send({**item, "retry": 9})[0]["replayed"] is True
    assert (effects_of(item), len(history_of(item))) == (1, 1)


def test_discarded_items_stay_discarded(device):
    """What an operator discarded is not opened by the user."""
    item = script("reject", "apply")
    device.send(item)
    SyncItem.objects.update(code="discarded")

    assert [(each["status"], each["code"]) for each in device.send({**item, "retry": 1})] == [("rejected", "discarded")]


def test_other_content_does_not_reopen(device):
    """A mismatch opens nothing; one copy of the other content is kept for operators."""
    item = script("reject", "apply")
    device.send(item)
    edited = {**item, "payload": ["apply"], "retry": 1}
    for _ in range(2):
        assert device.send(edited)[0]["code"] == "payload_mismatch"

    assert (row_of(item).state, len(history_of(item))) == ("rejected", 1)
    [copy] = ConflictingCopy.objects.all()
    assert (copy.item_id, copy.payload) == (row_of(item).pk, '["apply"]')


def test_reopened_for_a_worker(device):
    """A parked item whose next try is a worker's is answered as what it is now."""
    item = make_item("job", ["reject", "apply"])
    device.send(item)
    sweep.sweep()

    assert device.send({**item, "retry": 1}) == [result(item, "accepted", "queued", replayed=True)]
    sweep.sweep()
    assert device.ask(item) == [result(item, result="done", replayed=True)]


@pytest.mark.parametrize("mode", ["inline", "background"])
def test_who_may_not_use_a_handler_may_not_retry(device, django_user_model, handler, mode):
    """What was refused at the receipt for want of a permission is asked for it again; with it, the same retry works."""
    ran = []
    handler("locked", mode=mode, permission_classes=[IsAdminUser])(lambda item: ran.append(item.id))
    device.send(item := make_item("locked"))
    again = {**item, "retry": 1}

    refused = device.send(again)[0]
    sweep.sweep()
    assert (refused["status"], refused["code"], ran) == ("rejected", "forbidden", [])
    assert device.post(ITEMS, again).status_code == 422
    django_user_model.objects.update(is_staff=True)
    device.send(again)
    sweep.sweep()
    assert device.ask(item)[0]["status"] == "applied"
    assert len(ran) == 1


def test_what_a_closed_tag_refused_stays_refused(device):
    """Until it is opened. What had been received before it was closed can be tried again."""
    device.send(before := script("reject", "apply"))
    SyncTag.objects.update(state="closed")
    device.send(item := script("apply"))

    assert device.send({**item, "retry": 1})[0]["code"] == "tag_closed"
    assert device.send({**before, "retry": 1})[0]["status"] == "applied"
    SyncTag.objects.update(state="open")
    assert device.send({**item, "retry": 1})[0]["status"] == "applied"


def test_without_a_handler_nothing_is_reopened(device, handler, monkeypatch):
    """Nobody can tell who may use it. The same retry works when there is one again."""
    handler("brief")(lambda item: 1 / 0 if item.attempt == 1 else None)
    device.send(item := make_item("brief"))
    SyncItem.objects.update(state="rejected", code="dead", next_at=None)
    brief = registry._entries.pop("brief")

    assert device.send({**item, "retry": 1})[0]["code"] == "dead"
    registry._entries["brief"] = brief
    assert device.send({**item, "retry": 1})[0]["status"] == "applied"
