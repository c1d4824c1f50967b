"""What a handler's options and an operator's tags do to its items."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import NotAuthenticated
from rest_framework.exceptions import PermissionDenied as DRFPermissionDenied
from rest_framework.permissions import BasePermission

from django_bgsync import Rejected
from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem, SyncTag
from tests.app.bgsync import ANSWER
from tests.app.models import Effect
from tests.deliveries import (
    ITEMS,
    SESSION,
    Device,
    effects_of,
    history_of,
    make_due,
    make_item,
    read,
    result,
    row_of,
    script,
)


def codes(results):
    return [(each["status"], each["code"]) for each in results]


def test_background(device):
    """A background item is stored, answered `accepted`, and never tried while a client waits."""
    item = make_item("background")
    answer = result(item, "accepted", "queued")

    assert device.send(item) == [answer]
    assert device.send(item) == device.ask(item) == [{**answer, "replayed": True}]
    assert (row_of(item).state, row_of(item).attempts, row_of(item).claimed_at) == ("received", 0, None)
    assert (effects_of(item), history_of(item)) == (0, [])
    assert read(device.post(ITEMS, item), 202)["code"] == "queued"


@pytest.mark.parametrize(("minutes", "status"), [(30, "applied"), (90, "expired")])
@pytest.mark.parametrize("skew", [timedelta(0), timedelta(days=-400), timedelta(days=400)])
def test_max_age(device, minutes, status, skew):
    """An item older than max_age, by the device's clock corrected for its skew, is expired and not stored."""
    device_now = timezone.now() + skew
    item = make_item("fresh", created_at=(device_now - timedelta(minutes=minutes)).isoformat())
    [found] = device.send(item, sent_at=device_now.isoformat())

    assert found["status"] == status
    assert SyncItem.objects.exists() is (status == "applied")


def test_expired_answer(device):
    """Expired items are parked; the endpoint for one item says 410."""
    item = make_item("fresh", created_at="2020-01-01T00:00:00Z")
    problem = {"detail": "This is too old: it was made 2020-01-01T00:00:00+00:00."}
    expired = result(item, "expired", "expired", problem=problem)

    assert device.send(item) == [expired]
    assert read(device.post(ITEMS, item), 410) == expired


def test_known_items_do_not_expire(device):
    """An item that arrived in time is answered as it stands however late its replay is."""
    item = make_item("fresh", created_at=timezone.now().isoformat())
    device.send(item)

    assert device.send({**item, "created_at": "2020-01-01T00:00:00Z"}) == [result(item, result="kept", replayed=True)]


def test_without_a_time_nothing_expires(device):
    """An item that does not say when it was made is not too old."""
    assert device.send(make_item("fresh"))[0]["status"] == "applied"


def test_max_bytes(device):
    """A handler's own limit stands in the place of the general one."""
    fits, larger = make_item("fresh", "x" * 98), make_item("fresh", "x" * 99)

    assert device.send(fits, larger) == [
        result(fits, result="kept"),
        result(larger, "rejected", "too_large", problem={"detail": "payload is 101 bytes; 100 are allowed."}),
    ]


def test_permission_classes(device, django_user_model):
    """Who may not use a handler has the item rejected; who may, has it applied."""
    item = make_item("staff")
    problem = {"detail": "You are not allowed to do this."}
    boss = Device(django_user_model.objects.create_user("boss", is_staff=True))

    assert device.send(item) == [result(item, "rejected", "forbidden", problem=problem)]
    assert (row_of(item).state, history_of(item)) == ("rejected", [])
    assert boss.send(make_item("staff"))[0]["status"] == "applied"
    assert "staff" in read(boss.http.get("/bgsync/v1/session/"))["tags"]


def test_paused_tag(device):
    """A paused tag's items are stored, skipped uncounted, and applied after it is resumed."""
    SyncTag.objects.create(name="script", state="paused")
    item, free = script("apply"), make_item()

    assert codes(device.send(item, free)) == [("accepted", "paused"), ("applied", "ok")]
    assert codes(device.ask(item)) == [("accepted", "paused")]
    assert (row_of(item).attempts, history_of(item)) == (0, [])
    SyncTag.objects.update(state="open")
    assert device.ask(item) == [result(item, result="done", replayed=True)]


def test_paused_while_waiting(device):
    """A retry that comes due while its tag is paused is not made."""
    item = script("fail", "apply")
    device.send(item)
    make_due(item)
    SyncTag.objects.update(state="paused")

    assert codes(device.ask(item)) == codes(device.send(item)) == [("accepted", "paused")]
    assert len(history_of(item)) == 1


def test_closed_tag(device):
    """A closed tag rejects new items and goes on with those it has."""
    old = script("fail", "apply")
    device.send(old)
    make_due(old)
    SyncTag.objects.update(state="closed")
    new = script("apply")

    assert device.send(new) == [result(new, "rejected", "tag_closed", problem={"detail": "This is closed."})]
    assert device.ask(old) == [result(old, result="done", replayed=True)]


def test_time_budget(device, settings):
    """When the time is over, what was not begun is accepted, uncounted, and due for the next who asks."""
    settings.BGSYNC = {"TIME_BUDGET": 0}
    items = [make_item(), make_item()]

    assert codes(device.send(*items)) == [("accepted", "queued")] * 2
    assert [(row_of(item).attempts, row_of(item).claimed_at) for item in items] == [(0, None)] * 2
    settings.BGSYNC = {"TIME_BUDGET": 20}
    assert device.ask(*items) == [result(item, result=ANSWER, replayed=True) for item in items]


def many(*texts):
    return [make_item("many", {"text": text}) for text in texts]


def given():
    return [effect.seen["given"] for effect in Effect.objects.order_by("pk")]


def test_many(device):
    """A handler of many gets its neighbours at once and answers each."""
    items = many("a", "b", "c")

    assert device.send(*items) == [result(item, result=text) for item, text in zip(items, ("a", "b", "c"), strict=True)]
    assert given() == [3, 3, 3]
    assert DeliveryAttempt.objects.count() == 3


def test_many_speaks_for_single_items(device):
    """Verdicts in the list concern their own items; what is not valid is never given to the handler."""
    items = [*many("a", "reject", "conflict", "later"), make_item("many", {})]

    assert codes(device.send(*items)) == [
        ("applied", "ok"),
        ("rejected", "rejected"),
        ("conflict", "conflict"),
        ("accepted", "retrying"),
        ("rejected", "invalid"),
    ]
    assert given() == [4]


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [("fail", "accepted", "retrying"), ("no list", "rejected", "bad_result"), ("too few", "rejected", "bad_result")],
)
def test_many_one_at_a_time(device, text, status, code):
    """If it fails for all, each is tried alone, and all that counts as one attempt."""
    items = many("a", text, "b")

    assert codes(device.send(*items)) == [("applied", "ok"), (status, code), ("applied", "ok")]
    assert [row_of(item).attempts for item in items] == [1, 1, 1]
    assert [effects_of(item) for item in items] == [1, 0, 1]
    assert given() == [1, 1]


def test_many_alone_with_a_verdict(device):
    """A verdict in the list of one is that item's verdict."""
    items = many("reject", "fail")

    assert codes(device.send(*items)) == [("rejected", "rejected"), ("accepted", "retrying")]


def test_many_with_nothing_valid(device):
    """A handler of many is not called for nothing."""
    assert codes(device.send(make_item("many", {}))) == [("rejected", "invalid")]
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize("error", [PermissionDenied("lapsed"), Http404(), NotAuthenticated(), DRFPermissionDenied()])
def test_permission_that_raises(device, handler, error):
    """It refuses the item that it was asked for, and no other; the session says what else there is."""

    class Paid(BasePermission):
        def has_permission(self, request, view):
            raise error

    handler("paid", permission_classes=[Paid])(lambda item: None)

    assert codes(device.send(make_item("paid"), make_item("note"))) == [("rejected", "forbidden"), ("applied", "ok")]
    tags = read(device.http.get(SESSION))["tags"]
    assert "note" in tags
    assert "paid" not in tags


def test_no_permission_classes(device, handler):
    """None is none."""
    handler("free", permission_classes=None)(lambda item: None)

    assert codes(device.send(make_item("free"))) == [("applied", "ok")]


@pytest.mark.parametrize("code", ["dead", "discarded"])
def test_codes_of_the_engine(device, handler, code):
    """No handler can hold a lane until an operator comes, or take the user's retry away, by the name of a code."""

    @handler("sly")
    def sly(item):
        raise Rejected("no", code=code)

    assert codes(device.send(make_item("sly"))) == [("rejected", "bad_result")]


def test_many_that_fail_together_have_no_more_time(device, handler, settings):
    """Tried one at a time, they take no longer than the time budget; the rest is queued, and not lost."""
    settings.BGSYNC = {"TIME_BUDGET": 0.5}

    @handler("slow", many=True)
    def slow(items):
        if len(items) > 1:
            raise KeyError("x")
        time.sleep(0.2)
        return [None]

    items = [make_item("slow") for _ in range(20)]
    started = time.monotonic()
    first = codes(device.send(*items))
    assert time.monotonic() - started < 2
    assert set(first) == {("applied", "ok"), ("accepted", "queued")}
    settings.BGSYNC = {}
    assert set(codes(device.send(*items))) == {("applied", "ok")}
    assert {history_of(item)[0] for item in items} <= {(1, "receipt", "applied", "ok"), (1, "replay", "applied", "ok")}
