"""How many SQL statements a delivery takes: the same for one item and for a hundred."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_bgsync.applying import processing
from django_bgsync.upkeep import sweep
from tests.deliveries import Device, make_due, make_item, script

SIZES = (1, 10, 100)
ASIDE = re.compile(
    r"SAVEPOINT|ROLLBACK TO|tests_app_effect|django_bgsync_heartbeat|django_q_ormq|django_bgsync_ownersalt"
)
"""Savepoints, which are one for each call of a handler, what the handlers of the tests write, calling a worker, which
is done if none has been called, and the salt, which is read once a minute.
"""

Items = list[dict[str, Any]]


def make_lane(size: int) -> Items:
    """At least two: a lane of one names no item before it."""
    items = [make_item(lane="shop") for _ in range(max(size, 2))]
    for before, item in pairwise(items):
        item["after"] = before["id"]
    return items


KINDS: dict[str, Callable[[int], Items]] = {
    "inline": lambda size: [make_item() for _ in range(size)],
    "many": lambda size: [make_item("many", {"text": "apply"}) for _ in range(size)],
    "background": lambda size: [make_item("background") for _ in range(size)],
    "failing": lambda size: [script("fail", "apply") for _ in range(size)],
    "rejected": lambda size: [script("reject", "apply") for _ in range(size)],
    "lane": make_lane,
    "unknown": lambda size: [make_item("nobody") for _ in range(size)],
}


def statements(act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured if not ASIDE.search(query["sql"])]


def assert_constant(counts: dict[int, list[str]]) -> None:
    lengths = {size: len(found) for size, found in counts.items()}
    assert len(set(lengths.values())) == 1, (lengths, [[sql[:120] for sql in found] for found in counts.values()])


@pytest.fixture
def device(device: Device, monkeypatch: pytest.MonkeyPatch) -> Device:
    """One that the server knows, with tags that it has seen; on a machine that is never slow."""
    monkeypatch.setattr(processing, "SHARED_SECONDS", 60)
    for make in KINDS.values():
        device.send(*make(1))
    return device


@pytest.mark.parametrize("kind", KINDS)
def test_first_delivery(device: Device, kind: str) -> None:
    """Items that are new."""
    deliveries = {size: KINDS[kind](size) for size in SIZES}

    assert_constant({size: statements(lambda items=items: device.send(*items)) for size, items in deliveries.items()})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("send_count", [1, 2])
def test_replay(device: Device, kind: str, send_count: int) -> None:
    """Items that the server has, whether the client says that it sent them before or not."""
    counts = {}
    for size in SIZES:
        items = [{**item, "send_count": send_count} for item in KINDS[kind](size)]
        device.send(*items)
        counts[size] = statements(lambda items=items: device.send(*items))

    assert_constant(counts)


def test_due_retries(device: Device) -> None:
    """Items that the replay tries again."""
    counts = {}
    for size in SIZES:
        items = KINDS["failing"](size)
        device.send(*items)
        for item in items:
            make_due(item)
        counts[size] = statements(lambda items=items: device.send(*items))

    assert_constant(counts)


def test_reopened_by_their_user(device: Device) -> None:
    """Parked items of which the user wants another try."""
    counts = {}
    for size in SIZES:
        items = KINDS["rejected"](size)
        device.send(*items)
        counts[size] = statements(lambda items=items: device.send(*({**item, "retry": 1} for item in items)))

    assert_constant(counts)


def test_awaiting(device: Device) -> None:
    """Items of which the client wants news."""
    counts = {}
    for size in SIZES:
        items = KINDS["inline"](size)
        device.send(*items)
        counts[size] = statements(lambda items=items: device.ask(*items))

    assert_constant(counts)


def test_sweep(device: Device) -> None:
    """Background items that the sweeper applies; a full batch makes it look for another one."""
    sweep.sweep()
    counts = {}
    for size in (1, 10, sweep.BATCH - 1):
        device.send(*KINDS["background"](size))
        counts[size] = statements(sweep.sweep)

    assert_constant(counts)
