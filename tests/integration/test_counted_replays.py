"""How often a finished item was sent again is in its row: counted once a minute, by one statement at most."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_bgsync.models import ConflictingCopy, SyncItem
from django_bgsync.receiving import replays
from tests.deliveries import Device, make_item, row_of, script
from tests.orders import order, refusal


def let_a_minute_pass() -> None:
    SyncItem.objects.update(last_replay_at=timezone.now() - replays.QUIET)


def writes(act: Callable[[], object]) -> list[str]:
    """The statements that change a row."""
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


@pytest.mark.parametrize("send_count", [1, 2])
def test_counted_once_a_minute(device: Device, send_count: int) -> None:
    """The first replay counts, others of that minute do not, the first of the next one does."""
    item = {**make_item(), "send_count": send_count}
    device.send(item)
    assert (row_of(item).replays, row_of(item).last_replay_at) == (0, None)

    before = timezone.now()
    for _ in range(3):
        device.send(item)
    assert row_of(item).replays == 1
    assert before <= row_of(item).last_replay_at <= timezone.now()
    let_a_minute_pass()
    device.send(item)
    assert row_of(item).replays == 2


def test_one_statement(device: Device) -> None:
    """A hundred replays are counted by one statement; within a minute nothing is written at all."""
    items = [make_item() for _ in range(100)]
    assert [sql for sql in writes(lambda: device.send(*items)) if "replays" in sql.partition("SET")[2]] == []
    again = [{**item, "send_count": 2} for item in items]

    [counted] = writes(lambda: device.send(*again))
    assert "replays" in counted
    assert set(SyncItem.objects.values_list("replays", flat=True)) == {1}
    assert writes(lambda: device.send(*again)) == []


def test_two_at_once(device: Device) -> None:
    """Of two that have read the same row one counts."""
    item = make_item()
    device.send(item)
    row, now = row_of(item), timezone.now()
    for _ in range(2):
        replays.count([row], now)

    assert row_of(item).replays == 1


@pytest.mark.parametrize("steps", [["fail"], ["retry later"], ["reject", "apply"]])
def test_what_is_no_replay(device: Device, steps: list[str]) -> None:
    """An item that is still open, or opened by the same delivery, was not answered for good before."""
    item = script(*steps)
    device.send(item)
    device.send({**item, "retry": 1})
    device.ask(item)

    assert row_of(item).replays == 0


def test_other_content_is_no_replay(device: Device) -> None:
    """What was refused for its content is kept as a copy, not counted."""
    item = make_item(payload=1)
    device.send(item)
    device.send({**item, "payload": 2})

    assert (row_of(item).replays, ConflictingCopy.objects.count()) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_victim_of_a_conflict(device: Device) -> None:
    """A count that meets a lock is left out; the answer is the same."""
    item = make_item()
    first = device.send(item)
    faults = [OperationalError("database is locked")]

    def refuse(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE") and "replays" in sql and faults:
            raise faults.pop()
        return execute(sql, *rest)

    with connection.execute_wrapper(refuse):
        again = device.send(item)

    assert again == [{**first[0], "replayed": True}]
    assert (faults, row_of(item).replays) == ([], 0)


def test_keyed_request(device: Device) -> None:
    """Requests with a key are counted in the same way, and the first other request under it is kept."""
    order(device, data={"text": "a"})
    [row] = SyncItem.objects.all()
    assert row.replays == 0
    for _ in range(2):
        order(device, data={"text": "a"})
    for text in ("b", "c"):
        assert refusal(order(device, data={"text": text})) == (422, "payload_mismatch")

    row.refresh_from_db()
    assert row.replays == 1
    assert row.last_replay_at - row.received_at < timedelta(minutes=1)
    [copy] = ConflictingCopy.objects.all()
    assert (copy.item_id, copy.payload) == (row.pk, '{"method": "POST", "path": "/orders/json/"}')
    assert copy.fingerprint != row.fingerprint
