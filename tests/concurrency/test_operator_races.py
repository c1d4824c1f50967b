"""Operators among workers, users and each other: each item is changed once, by one of them, and is never run twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from django_bgsync.applying import claims
from django_bgsync.enums import Operation
from django_bgsync.models import ItemNote, OperatorAction, SyncItem
from django_bgsync.operations import actions, batches
from django_bgsync.operations.selections import Selection
from django_bgsync.upkeep import sweep
from tests.concurrency.racing import race
from tests.deliveries import Device, effects_of, history_of, make_item, row_of, script

SCRIPTS = Selection(tag="script")


@pytest.fixture(autouse=True)
def journal(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")  # as in production
    monkeypatch.setattr(claims, "FRESH_CLAIM", timedelta(hours=1))  # nobody is dead because this machine is slow


def ask(kind: Operation, selection: Selection = SCRIPTS) -> Any:
    return lambda: actions.request(kind, selection, username="root", reason="Enough.")


def parked(device: Device, count: int) -> list[dict[str, Any]]:
    items = [script("reject", "apply") for _ in range(count)]
    device.send(*items)
    return items


def notes_of(item: dict[str, Any]) -> list[str]:
    return list(ItemNote.objects.filter(item=row_of(item).pk).order_by("noted_at").values_list("kind", flat=True))


def test_many_operators(user: Any) -> None:
    """Eight operators retry the same items at once: each item is opened once, and the counts add up."""
    items = parked(Device(user), 20)
    done = race(*(ask(Operation.RETRY) for _ in range(8)))

    assert sum(action.done for action in done) == len(items)
    assert [notes_of(item) for item in items] == [["reopened"]] * len(items)
    sweep.sweep()
    assert {row_of(item).state for item in items} == {"applied"}


def test_operator_and_user(user: Any) -> None:
    """The user tries again while operators do: each item is run once more for whoever came first, and then is done."""
    device = Device(user)
    items = parked(device, 12)
    again = [{**item, "retry": 1, "send_count": 2} for item in items]
    race(ask(Operation.RETRY), lambda: device.send(*again), ask(Operation.RETRY), lambda: Device(user).send(*again))
    sweep.sweep()

    assert {row_of(item).state for item in items} == {"applied"}
    assert [[outcome for _, _, outcome, _ in history_of(item)] for item in items] == [["rejected", "applied"]] * 12
    assert [(effects_of(item), notes_of(item)) for item in items] == [(1, ["reopened"])] * 12


def test_retry_and_discard(user: Any) -> None:
    """Of a retry and a discard each item has one story, in which its state is the last word."""
    items = parked(Device(user), 20)
    race(ask(Operation.RETRY), ask(Operation.DISCARD), ask(Operation.RETRY), ask(Operation.DISCARD))

    for item in items:
        told, row = notes_of(item), row_of(item)
        assert told in (["discarded"], ["reopened", "discarded"], ["reopened"]), told
        assert (row.code == "discarded") == (told[-1] == "discarded")


def test_discard_and_workers(user: Any) -> None:
    """Items are discarded while workers apply them: each is either applied, with its effect, or discarded without."""
    items = [make_item("background") for _ in range(30)]
    Device(user).send(*items)
    background = Selection(tag="background")
    race(sweep.work, ask(Operation.DISCARD, background), sweep.work, ask(Operation.DISCARD, background), sweep.sweep)
    sweep.sweep()

    for item in items:
        row = row_of(item)
        assert (row.state, effects_of(item), notes_of(item)) in (
            ("applied", 1, []),
            ("rejected", 0, ["discarded"]),
        )
        assert row.claimed_at is None


def test_many_hands_at_one_action(user: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers and sweepers that come at once do a large action together as if they were one."""
    monkeypatch.setattr(actions, "AT_ONCE", 0)
    monkeypatch.setattr(batches, "BATCH", 3)
    items = parked(Device(user), 20)
    action = ask(Operation.DISCARD)()
    race(*(batches.advance for _ in range(6)))
    OperatorAction.objects.filter(finished_at=None).update(claimed_at=timezone.now() - batches.STALE)
    batches.advance()

    action.refresh_from_db()
    assert (action.state, action.done, action.skipped) == ("done", 20, 0)
    assert [notes_of(item) for item in items] == [["discarded"]] * 20


def test_pressed_twice_at_once(user: Any) -> None:
    """Two clicks at the same moment are one action."""
    items = parked(Device(user), 5)
    pk = row_of(items[0]).pk
    race(*(lambda: actions.request(Operation.RETRY, SCRIPTS, username="root", pk=pk) for _ in range(6)))

    assert (OperatorAction.objects.count(), ItemNote.objects.count()) == (1, 5)


def test_item_in_a_handler(user: Any) -> None:
    """Operators do not wait for an item that a handler is at, and do not touch it."""
    items = parked(Device(user), 2)
    SyncItem.objects.filter(item_id=items[0]["id"]).update(
        state="waiting", claimed_at=timezone.now(), finished_at=None, next_at=timezone.now()
    )
    [action] = race(ask(Operation.DISCARD))

    assert (action.done, action.skipped) == (1, 1)
    assert row_of(items[0]).state == "waiting"
