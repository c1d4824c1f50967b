"""POST v1/deliveries/: one result per item, in order, and the rows behind them."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem, SyncTag
from tests.app.bgsync import ANSWER
from tests.app.models import Effect
from tests.deliveries import (
    DELIVERIES,
    LIMITS,
    effects_of,
    history_of,
    make_item,
    problem_of,
    read,
    result,
    row_of,
    script,
)


def test_whole_answer(device):
    """The answer has the contract's members and no others."""
    item = make_item(payload={"text": "hi"})
    before = timezone.now().replace(microsecond=0)
    response = device.deliver(item)
    answer = read(response)
    at = datetime.fromisoformat(answer.pop("server_time"))

    assert before <= at <= timezone.now()
    assert uuid.UUID(answer.pop("delivery")).version == 7
    assert answer == {
        "bgsync": 1,
        "owner": device.owner_key,
        "results": [result(item, result=ANSWER)],
        "settled": [],
        "limits": LIMITS,
    }
    assert (response["Content-Type"], response["X-BGSync"], response["Cache-Control"]) == (
        "application/json",
        "1",
        "no-store",
    )


def test_server_time_is_rfc_3339(device):
    """The server's time is UTC with milliseconds and a Z."""
    text = read(device.deliver())["server_time"]

    assert datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    assert len(text) == len("2026-11-20T10:00:00.000Z")


def test_result_keeps_the_handlers_key_order(device):
    """The handler's result is sent in its own key order, its numbers as it wrote them."""
    body = device.deliver(make_item()).content.decode()

    assert '"result":{"zebra":1,"apple":{"z":[2.5,100.0],"a":"ünï"},"none":null}' in body


def test_nothing_to_deliver(device):
    """An envelope without items is a delivery too, and leaves no row."""
    assert device.send() == []
    assert not Delivery.objects.exists()


def test_rows_of_an_applied_item(device):
    """An applied item leaves one item, one attempt, one delivery and one tag."""
    item = make_item(payload={"b": 1, "a": "ü"}, lane="shop", seq=41)
    answer = read(device.deliver(item, trigger="sync", sync_tag="bgsync:note", context="worker", last_chance=True))
    row = row_of(item)
    delivery = Delivery.objects.get()
    attempt = DeliveryAttempt.objects.get()

    assert (row.state, row.code, row.tag_id, row.lane, row.seq) == ("applied", "ok", "note", "shop", 41)
    assert (row.payload, row.size, row.after) == ('{"a":"ü","b":1}', 16, None)
    assert (row.attempts, row.failures, row.next_at, row.claimed_at) == (1, 0, None, None)
    assert row.received_at <= row.finished_at
    assert (row.user, row.client.client_id, row.delivery) == (device.user, uuid.UUID(device.id), delivery)
    assert (str(delivery.pk), delivery.items, delivery.client) == (answer["delivery"], 1, row.client)
    assert (delivery.trigger, delivery.sync_tag, delivery.context, delivery.last_chance) == (
        "sync",
        "bgsync:note",
        "worker",
        True,
    )
    assert (attempt.item, attempt.tag_id, attempt.client, attempt.delivery) == (row, "note", row.client, delivery)
    assert (attempt.number, attempt.hand, attempt.trigger, attempt.outcome, attempt.code) == (
        1,
        "receipt",
        "sync",
        "applied",
        "ok",
    )
    assert (attempt.error, attempt.traceback) == ("", "")
    assert attempt.duration_ms >= 0
    assert list(SyncTag.objects.values_list("name", flat=True)) == ["note"]


def test_results_in_the_order_of_the_request(device):
    """Results stand in the order of the items, whatever became of each and however their ids sort."""
    items = [make_item(), script("reject"), make_item("typed", {}), make_item()][::-1]
    found = device.send(*items)

    assert [each["id"] for each in found] == [item["id"] for item in items]
    assert [each["status"] for each in found] == ["applied", "rejected", "rejected", "applied"]


def test_items_are_run_in_the_order_of_the_request(device):
    """Handlers run in the order in which the device lists its items."""
    items = [make_item() for _ in range(5)][::-1]
    device.send(*items)

    assert [str(effect.item) for effect in Effect.objects.order_by("pk")] == [item["id"] for item in items]


def test_one_bad_item_among_good_ones(device):
    """A malformed item, an unknown tag and a failing handler do not touch their neighbours."""
    good = [make_item() for _ in range(3)]
    bad = [{"id": "?"}, make_item("nobody"), script("fail")]
    found = device.send(good[0], bad[0], good[1], bad[1], bad[2], good[2])

    assert [each["code"] for each in found] == ["ok", "invalid_item", "ok", "unknown_tag", "retrying", "ok"]
    assert [effects_of(item) for item in good] == [1, 1, 1]


def test_what_the_handler_is_given(device):
    """The handler sees the item with its device time corrected by the clock's offset."""
    device_now = datetime(2020, 1, 1, 12, tzinfo=UTC)
    before = make_item(lane="shop")
    item = make_item(
        "mirror",
        {"deep": [1, 2.5, None]},
        lane="shop",
        seq=7,
        after=before["id"],
        created_at=(device_now - timedelta(minutes=10)).isoformat(),
    )
    device.send(before, item, sent_at=device_now.isoformat())
    seen = Effect.objects.get(item=item["id"]).seen
    received_at = datetime.fromisoformat(seen.pop("received_at"))

    assert received_at == row_of(item).received_at
    assert datetime.fromisoformat(seen.pop("created_at")) == received_at - timedelta(minutes=10)
    assert seen.pop("idempotency_key") == str(row_of(item).pk)
    assert seen == {
        "tag": "mirror",
        "lane": "shop",
        "after": item["after"],
        "seq": 7,
        "payload": {"deep": [1, 2.5, None]},
        "data": {"deep": [1, 2.5, None]},
        "user": "ada",
        "client_id": device.id,
        "attempt": 1,
    }


def test_what_the_handler_is_given_of_a_bare_item(device):
    """What an item does not say is empty for the handler."""
    device.send(make_item("mirror"))
    seen = Effect.objects.get().seen

    assert {name: seen[name] for name in ("lane", "after", "seq", "payload", "data", "created_at")} == {
        "lane": "",
        "after": None,
        "seq": None,
        "payload": None,
        "data": None,
        "created_at": None,
    }


@pytest.mark.parametrize(
    ("created_at", "sent_at"),
    [
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("9998-12-31T23:59:59Z", "0001-01-01T00:00:00Z"),
        ("1971-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("2026-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_absurd_clocks(device, created_at, sent_at):
    """A device whose clock is anywhere between the years 1 and 9999 gets its items applied."""
    item = make_item(created_at=created_at)

    assert device.send(item, sent_at=sent_at) == [result(item, result=ANSWER)]
    assert SyncItem.objects.get().state == "applied"


def test_serializer_validates(device):
    """The handler gets the serializer's validated data, defaults and conversions included."""
    item = make_item("typed", {"text": " hi ", "stars": "5", "more": 1})

    assert device.send(item) == [result(item, result={"text": "hi", "stars": 5})]
    assert Effect.objects.get().seen == {"text": "hi", "stars": 5}


@pytest.mark.parametrize(
    ("payload", "errors"),
    [
        ({}, {"text": ["This field is required."]}),
        (
            {"text": "far too long", "stars": 0},
            {
                "text": ["Ensure this field has no more than 10 characters."],
                "stars": ["Ensure this value is greater than or equal to 1."],
            },
        ),
        ("text", {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}),
        (None, {"non_field_errors": ["No data provided"]}),
    ],
)
def test_serializer_refuses(device, payload, errors):
    """What the serializer refuses is rejected with the messages by field, and the handler never runs."""
    item = make_item("typed", payload)

    problem = {"detail": "This is not valid.", "errors": errors}
    assert device.send(item) == [result(item, "rejected", "invalid", problem=problem)]
    assert effects_of(item) == 0
    assert history_of(item) == [(1, "receipt", "rejected", "invalid")]


def test_too_many_items(device):
    """More items than MAX_ITEMS are refused as a whole, with the limits to split by."""
    response = device.deliver(*[make_item() for _ in range(101)])
    problem = problem_of(response)

    assert (response.status_code, problem["code"], problem["limits"]) == (413, "too_large", LIMITS)
    assert not SyncItem.objects.exists()


def test_as_many_items_as_allowed(device, settings):
    """Exactly MAX_ITEMS are taken, and the answer announces the configured limit."""
    settings.BGSYNC = {"MAX_ITEMS": 3}
    answer = read(device.deliver(*[make_item() for _ in range(3)]))

    assert [each["status"] for each in answer["results"]] == ["applied"] * 3
    assert answer["limits"] == {**LIMITS, "max_items": 3}


def test_too_many_bytes(device, settings):
    """A body larger than MAX_BYTES is refused with the limits; one of exactly that size is read."""
    body = json.dumps(device.envelope(make_item())).encode()
    settings.BGSYNC = {"MAX_BYTES": len(body)}

    assert read(device.post(DELIVERIES, body))["results"][0]["status"] == "applied"
    problem = problem_of(device.post(DELIVERIES, body + b" "))
    assert (problem["code"], problem["limits"]) == ("too_large", {**LIMITS, "max_bytes": len(body)})


def test_larger_than_djangos_own_limit(device, settings):
    """DATA_UPLOAD_MAX_MEMORY_SIZE does not concern deliveries."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10

    assert device.send(make_item())[0]["status"] == "applied"


def test_unknown_members_are_ignored(device):
    """What a newer client says beyond this protocol does not keep its items from arriving."""
    item = make_item(newer={"x": [1]})

    assert device.send(item, newer=[{}]) == [result(item, result=ANSWER)]


def test_null_is_absent(device):
    """A member that is null is as good as none."""
    names = ("owner", "trigger", "sync_tag", "last_chance", "context", "sent_at", "awaiting")
    item = make_item(**dict.fromkeys(("lane", "after", "seq", "created_at", "send_count", "retry")))

    assert device.send(item, **dict.fromkeys(names)) == [result(item, result=ANSWER)]
