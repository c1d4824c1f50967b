"""What the client asks for through `awaiting`, and tries that come due."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from django_bgsync.models import DeliveryAttempt, SyncItem
from tests.app.bgsync import ANSWER
from tests.deliveries import (
    effects_of,
    history_of,
    make_due,
    make_item,
    read,
    result,
    row_of,
    script,
)


@pytest.fixture(params=["replay", "awaiting"])
def again(request, device):
    """Two ways to a second try: the item again, or its id among the awaited ones."""

    def replay(item):
        return device.send({**item, "send_count": 2})

    return (request.param, {"replay": replay, "awaiting": device.ask}[request.param])


def test_settled(device):
    """Every awaited id is answered with its present result, in the order of the request."""
    items = make_item(), script("reject"), script("conflict"), script("fail")
    device.send(*items)
    found = device.ask(*items[::-1])

    assert [(each["id"], each["status"], each["replayed"]) for each in found] == [
        (item["id"], status, True)
        for item, status in zip(items[::-1], ("accepted", "conflict", "rejected", "applied"), strict=True)
    ]


def test_settled_is_the_stored_answer(device):
    """What is settled of a final item is what its replay would be answered."""
    item = make_item()
    device.send(item)

    assert device.ask(item) == device.send(item) == [result(item, result=ANSWER, replayed=True)]


def test_unknown_item(device, other):
    """An id the server does not know is deferred; somebody else's is as unknown as a new one."""
    new, theirs = make_item(), make_item()
    other.send(theirs)

    assert device.ask(new, theirs) == [
        result(new, "deferred", "unknown_item"),
        result(theirs, "deferred", "unknown_item"),
    ]


def test_faulty_items_leave_nothing_to_ask_for(device):
    """What was answered too_large, unstorable or of unknown tag left no row."""
    items = make_item(payload="x" * 300_000), make_item(payload="\0"), make_item("nobody")
    device.send(*items)

    assert {each["code"] for each in device.ask(*items)} == {"unknown_item"}
    assert not SyncItem.objects.exists()


def test_asked_in_the_delivery_that_brings_it(device):
    """An id that is both delivered and awaited is applied first and then known."""
    item = make_item()
    answer = read(device.deliver(item, awaiting=[item["id"]]))

    assert answer["results"] == [result(item, result=ANSWER)]
    assert answer["settled"] == [result(item, result=ANSWER, replayed=True)]


def test_not_due_yet(device, again):
    """A try that is not due is not made, and the answer says when to ask again."""
    _, send = again
    item = script("fail", "apply")
    [first] = device.send(item)
    [found] = send(item)

    assert found == {**first, "replayed": True, "retry_after": found["retry_after"]}
    assert found["retry_after"] <= first["retry_after"]
    assert len(history_of(item)) == 1


def test_due(device, again):
    """A due item is tried in place and answered with the outcome of this try."""
    hand, send = again
    item = script("fail", "apply")
    device.send(item)
    make_due(item)

    assert send(item) == [result(item, result="done", replayed=True)]
    assert effects_of(item) == 1
    assert history_of(item) == [(1, "receipt", "failed", "retrying"), (2, hand, "applied", "ok")]
    assert (row_of(item).attempts, row_of(item).failures, row_of(item).next_at) == (2, 1, None)


def test_second_try_sees_its_number(device):
    """The handler is told which try this is."""
    item = script("fail", "retry at once", "apply")
    device.send(item)
    for _ in range(2):
        make_due(item)
        device.ask(item)

    assert [number for number, *_ in history_of(item)] == [1, 2, 3]
    assert row_of(item).state == "applied"


def test_dead(device, again):
    """After max_attempts failures the item is dead: rejected, and never tried again."""
    hand, send = again
    item = script("fail")
    device.send(item)
    for _ in range(2):
        make_due(item)
        found = send(item)
    dead = result(item, "rejected", "dead", replayed=True, problem={"detail": "Given up after 3 tries."})

    assert found == send(item) == [dead]
    assert history_of(item) == [
        (1, "receipt", "failed", "retrying"),
        (2, hand, "failed", "retrying"),
        (3, hand, "failed", "dead"),
    ]
    assert row_of(item).next_at is None
    assert DeliveryAttempt.objects.exclude(error="KeyError: 'text'").count() == 0


def test_backoff_grows(device, settings):
    """Each failure waits longer than the one before, as BACKOFF says."""
    settings.BGSYNC = {"BACKOFF": {"first": 10, "factor": 100, "cap": timedelta(minutes=10)}}
    item = script("fail")
    waits = [device.send(item)[0]["retry_after"]]
    make_due(item)
    waits.append(device.ask(item)[0]["retry_after"])

    assert 5 <= waits[0] <= 11
    assert 300 <= waits[1] <= 601


@pytest.mark.parametrize(
    ("step", "seconds"),
    [
        ("retry later", 60),
        ("retry at once", 1),
        ("retry at NaN", 1),
        ("retry in a century", 7 * 86400),
        ("retry at infinity", 7 * 86400),
    ],
)
def test_retry_later(device, step, seconds):
    """RetryLater says when; at least a second and at most a week, whatever number it brings."""
    item = script(step)
    [found] = device.send(item)

    assert found == result(item, "accepted", "retrying", retry_after=found["retry_after"])
    assert seconds - 1 <= found["retry_after"] <= seconds
    assert (effects_of(item), history_of(item)) == (0, [(1, "receipt", "retry_later", "retrying")])


def test_retry_later_says_why(device):
    """The attempt remembers what the handler said."""
    device.send(script("retry later"))

    assert DeliveryAttempt.objects.get().error == "The till is closed."


def test_retry_later_is_no_failure(device):
    """RetryLater does not count towards max_attempts."""
    item = script("retry later")
    device.send(item)
    for _ in range(4):
        make_due(item)
        device.ask(item)

    assert (row_of(item).state, row_of(item).attempts, row_of(item).failures) == ("waiting", 5, 0)


def test_retry_later_for_too_long(device):
    """An item that is put off for a week is dead."""
    item = script("retry later")
    device.send(item)
    received_at = row_of(item).received_at - timedelta(days=7)
    SyncItem.objects.update(received_at=received_at)
    make_due(item)

    assert device.ask(item) == [
        result(item, "rejected", "dead", replayed=True, problem={"detail": "The till is closed."})
    ]


def test_tag_lost_its_handler(device, again):
    """A stored item whose tag has no handler any more waits, uncounted, and is tried once there is one again."""
    _, send = again
    item = script("fail", "apply")
    device.send(item)
    make_due(item)
    SyncItem.objects.update(tag_id="former")

    assert [(each["status"], each["code"]) for each in send(item)] == [("accepted", "retrying")]
    assert len(history_of(item)) == 1
    SyncItem.objects.update(tag_id="script")

    assert send(item) == [result(item, result="done", replayed=True)]


@pytest.mark.parametrize("step", ["delete the user", "deactivate the user"])
def test_user_went_away_between_tries(device, step):
    """A retry for a user who is gone is forbidden."""
    item = script("fail", "apply")
    device.send(item)
    make_due(item)
    answer = read(device.deliver(script(step), awaiting=[item["id"]]))

    assert [(each["status"], each["code"]) for each in answer["settled"]] == [("rejected", "forbidden")]


def test_same_id_awaited_twice(device):
    """An id that is named twice is answered twice and tried once."""
    item = script("fail", "apply", "reject")
    device.send(item)
    make_due(item)

    assert device.ask(item, item) == [result(item, result="done", replayed=True)] * 2
    assert len(history_of(item)) == 2


def test_most_ids(device):
    """A hundred ids may be awaited, one more may not."""
    ids = [str(uuid.uuid4()) for _ in range(101)]

    assert len(read(device.deliver(awaiting=ids[1:]))["settled"]) == 100
    assert read(device.deliver(awaiting=ids), 400)["code"] == "invalid_envelope"
