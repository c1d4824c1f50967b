"""Lanes while several settle and hold at once: nothing overtakes, and nothing is left waiting for what has happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from django_bgsync.applying import lanes
from django_bgsync.models import SyncItem
from django_bgsync.receiving import reception
from django_bgsync.upkeep import sweep
from tests.app.models import Effect
from tests.concurrency.racing import race
from tests.deliveries import Device, make_due, make_item, row_of, script

LANES = 8


@pytest.fixture(autouse=True)
def journal(transactional_db: None) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")  # as in production


def make_lane(*items: dict[str, Any]) -> list[dict[str, Any]]:
    for before, item in zip([None, *items], items, strict=False):
        item |= {"lane": "shop", "after": before and before["id"]}
    return list(items)


def order_of(lane: list[dict[str, Any]]) -> list[str]:
    effects = Effect.objects.filter(item__in=[item["id"] for item in lane]).order_by("pk")
    return [str(item) for item in effects.values_list("item", flat=True)]


def once_before(monkeypatch: pytest.MonkeyPatch, target: Any, name: str, act: Callable[[], object]) -> None:
    """Let something happen just before the first call of a function."""
    function = getattr(target, name)
    pending = [act]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        while pending:
            pending.pop()()
        return function(*args, **kwargs)

    monkeypatch.setattr(target, name, wrapped)


def test_racing_settlements(user: Any) -> None:
    """Retries of the first items race with the arrival of the second and third ones, lane by lane, and two sweepers."""
    rows = [make_lane(script("fail", "apply"), make_item(), make_item()) for _ in range(LANES)]
    first, second, third = ([lane[place] for lane in rows] for place in range(3))
    Device(user).send(*first)
    for item in first:
        make_due(item)

    def deliver(*stages: list[dict[str, Any]]) -> Callable[[], object]:
        device = Device(user)
        return lambda: [device.send(*items) for items in stages]

    race(deliver(first), deliver(second, third), deliver([*second, *third]), sweep.sweep, sweep.sweep)
    Device(user).send(*second, *third)  # those that came before the one before them were not stored
    assert not [
        row for row in SyncItem.objects.filter(state="held") if lanes.predecessor(row) not in lanes.blocking([row])
    ]
    sweep.sweep()

    assert set(SyncItem.objects.values_list("state", flat=True)) == {"applied"}
    assert [order_of(lane) for lane in rows] == [[item["id"] for item in lane] for lane in rows]


def test_settled_just_before_the_hold_is_stored(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second item is found to be held, the first one settles and releases nobody, then the second is stored."""
    first, second = make_lane(script("fail", "apply"), make_item())
    device, other = Device(user), Device(user)
    device.send(first)
    make_due(first)
    once_before(monkeypatch, reception, "_store", lambda: other.ask(first))

    assert device.send(second)[0]["code"] == "ok"
    assert order_of([first, second]) == [first["id"], second["id"]]


def test_held_just_before_the_release(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first item is settled but has released nobody yet when the second one arrives; both are applied once."""
    first, second = make_lane(script("fail", "apply"), make_item())
    device, other = Device(user), Device(user)
    device.send(first)
    make_due(first)
    once_before(monkeypatch, lanes, "release", lambda: other.send(second))

    assert device.ask(first)[0]["code"] == "ok"
    assert (row_of(second).state, order_of([first, second])) == ("applied", [first["id"], second["id"]])
