"""Named lanes: no item overtakes the one before it."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from django_bgsync.applying import processing
from django_bgsync.models import SyncItem
from tests.app.models import Effect
from tests.deliveries import (
    ITEMS,
    age_claim,
    effects_of,
    history_of,
    make_due,
    make_item,
    read,
    result,
    row_of,
    script,
)


def lane(*items, name="shop"):
    """These items in a row: each names the one before it."""
    before = None
    for item in items:
        item |= {"lane": name, "after": before}
        before = item["id"]
    return items


def codes(results):
    return [(each["status"], each["code"]) for each in results]


def test_in_order(device):
    """A lane whose items succeed is applied in one delivery, in order."""
    items = lane(*(make_item() for _ in range(4)))

    assert codes(device.send(*items)) == [("applied", "ok")] * 4
    assert [str(effect.item) for effect in Effect.objects.order_by("pk")] == [item["id"] for item in items]


def test_held_behind_a_failure(device):
    """What comes after an item that waits is stored and held, and runs once that one is done."""
    first, second, third = lane(script("fail", "apply"), make_item(), make_item())
    found = device.send(first, second, third)

    assert codes(found) == [("accepted", "retrying"), ("accepted", "held"), ("accepted", "held")]
    assert found[1] == result(second, "accepted", "held")
    assert (effects_of(second), history_of(second), row_of(second).attempts) == (0, [], 0)
    make_due(first)
    assert codes(device.ask(first, second, third)) == [("applied", "ok")] * 3
    assert [str(effect.item) for effect in Effect.objects.order_by("pk")] == [first["id"], second["id"], third["id"]]


def test_held_from_delivery_to_delivery(device):
    """An item that arrives later waits for the stored one before it."""
    first, second = lane(script("fail", "apply"), make_item())
    device.send(first)

    assert codes(device.send(second)) == [("accepted", "held")]
    assert codes(device.send({**second, "send_count": 2})) == [("accepted", "held")]
    make_due(first)
    assert codes(device.send({**first, "send_count": 2})) == [("applied", "ok")]
    assert device.ask(second)[0]["code"] == "ok"


@pytest.mark.parametrize("step", ["reject", "conflict"])
def test_parked_items_do_not_hold(device, step):
    """A rejected or conflicting item is finished: the next one runs."""
    assert codes(device.send(*lane(script(step), make_item())))[1] == ("applied", "ok")


def test_dead_items_hold(device):
    """A dead item holds its lane until somebody decides about it."""
    first, second = lane(script("fail"), make_item())
    device.send(first, second)
    for _ in range(2):
        make_due(first)
        device.ask(first)

    assert codes(device.ask(first, second)) == [("rejected", "dead"), ("accepted", "held")]
    make_due(second)
    assert codes(device.ask(second)) == [("accepted", "held")]
    assert effects_of(second) == 0


def test_dead_item_tried_again(device):
    """When the user's retry brings a dead item through, its lane goes on."""
    first, second = lane(script("fail", "fail", "fail", "apply"), make_item())
    device.send(first, second)
    for _ in range(2):
        make_due(first)
        device.ask(first)

    assert codes(device.send({**first, "retry": 1})) == [("applied", "ok")]
    assert codes(device.ask(second)) == [("applied", "ok")]


def test_unknown_predecessor(device):
    """An item whose predecessor the server does not know is deferred and not stored."""
    _, second = lane(make_item(), make_item())

    assert device.send(second) == [result(second, "deferred", "out_of_order", retry_after=5)]
    assert not SyncItem.objects.exists()
    response = device.post(ITEMS, second)
    assert (read(response, 409)["code"], response["Retry-After"]) == ("out_of_order", "5")


def test_predecessor_later_in_the_delivery(device):
    """A successor that stands before its predecessor has to come again, and is applied then."""
    first, second = lane(make_item(), make_item())

    assert codes(device.send(second, first)) == [("deferred", "out_of_order"), ("applied", "ok")]
    assert codes(device.send(second)) == [("applied", "ok")]


def test_predecessor_of_somebody_else(device, other):
    """Another owner's item with that id is no predecessor."""
    first, second = lane(make_item(), make_item())
    other.send(first)

    assert codes(device.send(second)) == [("deferred", "out_of_order")]


def test_somebody_elses_lane_is_not_released(device, other):
    """What one owner finishes releases nothing of another owner, though the ids are the same."""
    first, second = lane(script("fail", "apply"), make_item())
    device.send(first, second)
    theirs = {**first, "payload": ["apply"]}
    other.send(theirs)

    assert codes(device.ask(second)) == [("accepted", "held")]


def test_predecessor_without_a_row(device):
    """An item that was refused without a row leaves its successor out of order."""
    first, second = lane(make_item(payload="\0"), make_item())

    assert codes(device.send(first, second)) == [("rejected", "unstorable_payload"), ("deferred", "out_of_order")]


def test_after_without_a_lane(device):
    """Outside a named lane `after` orders nothing."""
    item = make_item(after=str(uuid.uuid4()))

    assert codes(device.send(item)) == [("applied", "ok")]


def test_two_lanes(device):
    """One lane does not wait for another."""
    stuck = lane(script("fail"), make_item(), name="stuck")
    free = lane(make_item(), make_item(), name="free")

    assert codes(device.send(*stuck, *free)) == [
        ("accepted", "retrying"),
        ("accepted", "held"),
        ("applied", "ok"),
        ("applied", "ok"),
    ]


def test_circle(device):
    """Items that name each other, or themselves, wait for ever and harm nobody."""
    first, second = make_item(lane="shop"), make_item(lane="shop")
    first["after"], second["after"] = second["id"], first["id"]
    own = make_item(lane="own")
    own["after"] = own["id"]

    assert codes(device.send(first, second, own, make_item()))[-1] == ("applied", "ok")
    assert not Effect.objects.filter(item__in=[first["id"], second["id"], own["id"]]).exists()


def test_interrupted_lane(device):
    """A lane whose process ended is taken up again in order."""
    items = lane(make_item(), script("exit", "apply"), make_item())
    with pytest.raises(SystemExit):
        device.deliver(*items)
    for item in items:
        age_claim(item)

    found = device.send(*items)
    assert {each["status"] for each in found} <= {"applied", "accepted"}
    assert codes(device.ask(*items)) == [("applied", "ok")] * 3
    assert [str(effect.item) for effect in Effect.objects.order_by("pk")] == [item["id"] for item in items]


def test_released_under_a_claim(device):
    """Somebody who has claimed a held item finds it as it was claimed, though its lane is released meanwhile."""
    first, second = lane(script("fail", "apply"), make_item())
    device.send(first, second)
    claimed_at = timezone.now()
    SyncItem.objects.filter(pk=row_of(second).pk).update(claimed_at=claimed_at, attempts=1)
    make_due(first)

    assert codes(device.ask(first, second)) == [("applied", "ok"), ("deferred", "in_flight")]
    assert (row_of(second).state, row_of(second).claimed_at) == ("held", claimed_at)
    age_claim(second)
    make_due(second)
    assert codes(device.ask(second)) == [("applied", "ok")]


def test_settled_while_it_is_held_again(device, monkeypatch):
    """Whoever holds an item looks at the one before it once more: that one may have been settled meanwhile."""
    first, second = lane(script("fail", "apply"), make_item())
    device.send(first, second)
    make_due(second)
    hold = processing.hold

    def settle_and_hold(row):
        SyncItem.objects.filter(pk=row_of(first).pk).update(state="applied", next_at=None)
        hold(row)

    monkeypatch.setattr(processing, "hold", settle_and_hold)

    assert codes(device.ask(second)) == [("applied", "ok")]
