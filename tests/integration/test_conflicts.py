"""Conflicts of the database in places that few deliveries come to."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from django_bgsync.applying import claims, processing
from django_bgsync.applying.tries import Try
from django_bgsync.enums import Hand
from django_bgsync.handlers import registry
from django_bgsync.models import Delivery, SyncItem
from django_bgsync.receiving import reception, replays
from tests.app.bgsync import ANSWER, keep_many
from tests.app.steps import STEPS
from tests.deliveries import Device, code_of, effects_of, history_of, make_item, result, row_of, script

LOCKED = OperationalError("database is locked")


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object], int], None]:
    """Let the insert of receipts be the victim of a conflict so many times, after something else has happened; and
    whenever it names a row that is there, as on MariaDB while a handler has that row locked.
    """

    def arrange(meanwhile: Callable[[], object], times: int) -> None:
        real, left = reception._commit, [meanwhile] * times

        def commit(receipts: Any, *rest: Any) -> None:
            if left:
                left.pop()()
                raise LOCKED
            if SyncItem.objects.filter(pk__in=receipts).exists():
                raise LOCKED
            real(receipts, *rest)

        monkeypatch.setattr(reception, "_commit", commit)

    return arrange


def test_others_were_faster(user: Any, device: Device, lose: Any) -> None:
    """What somebody else stored meanwhile is not inserted again, but answered from its row."""
    items = [make_item(), make_item()]
    lose(lambda: Device(user).send(*items), 1)

    assert device.send(*items) == [result(item, result=ANSWER, replayed=True) for item in items]
    assert [effects_of(item) for item in items] == [1, 1]
    assert Delivery.objects.count() == 1


def test_others_were_faster_with_some(user: Any, device: Device, lose: Any) -> None:
    """The rest is stored by the next try."""
    theirs, mine = make_item(), make_item()
    lose(lambda: Device(user).send(theirs), 1)

    assert [each["replayed"] for each in device.send(theirs, mine)] == [True, False]
    assert [effects_of(item) for item in (theirs, mine)] == [1, 1]


def test_others_had_something_else(user: Any, device: Device, lose: Any) -> None:
    """What they stored under that id may be other content."""
    item = make_item(payload=1)
    lose(lambda: Device(user).send({**item, "payload": 2}), 1)

    assert [each["code"] for each in device.send(item)] == ["payload_mismatch"]


def test_conflict_without_end(device: Device, lose: Any) -> None:
    """Three in a row are a reason to wait; nothing is stored."""
    lose(lambda: None, 3)

    assert code_of(device.deliver(make_item())) == (503, "unavailable")
    assert not SyncItem.objects.exists()


def test_many_handler_is_the_victim(device: Device, monkeypatch: Any, caplog: Any) -> None:
    """Its transaction is gone: the items are tried again in others, and nobody is blamed."""
    faults = [LOCKED]

    def keep(items: Any) -> Any:
        if faults:
            raise faults.pop()
        return keep_many(items)

    monkeypatch.setitem(registry._entries, "many", replace(registry["many"], function=keep))
    items = [make_item("many", {"text": "a"}) for _ in range(2)]

    with caplog.at_level(logging.INFO, "django_bgsync"):
        assert [each["code"] for each in device.send(*items)] == ["ok", "ok"]
    assert "A shared transaction of 2 items is done again item by item." in caplog.messages
    assert [history_of(item) for item in items] == [[(1, "receipt", "applied", "ok")]] * 2


def test_slow_when_done_again_one_by_one(device: Device, handler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Items that wait while one is tried alone are not taken for those of a process that is gone."""
    monkeypatch.setattr(claims, "FRESH_CLAIM", timedelta(0))
    faults, last = iter([LOCKED]), make_item()

    @handler("victim")
    def be_victim(item: Any) -> None:
        for fault in faults:
            raise fault

    def be_slow(claim: Any, by: Try) -> Any:
        monkeypatch.setattr(processing, "_apply_alone", apply_alone)
        processing.bring_forward([row_of(last).pk], Try(hand=Hand.SWEEPER))
        return apply_alone(claim, by)

    apply_alone = processing._apply_alone
    monkeypatch.setattr(processing, "_apply_alone", be_slow)
    verdicts = device.send(make_item("victim"), make_item(), last)

    assert [each["code"] for each in verdicts] == ["ok"] * 3
    assert history_of(last) == [(1, "sweeper", "applied", "ok")]


def test_time_is_over_when_done_again_one_by_one(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """Items whose shared transaction failed, and whose time is over before their turn, are given back untried."""

    def be_late(item: Any) -> str:
        monkeypatch.setattr(Try, "is_over", property(lambda by: True))
        return "done"

    faults = iter([LOCKED])

    def lose_once(item: Any) -> str:
        for fault in faults:
            raise fault
        return be_late(item)

    monkeypatch.setitem(STEPS, "lose once", lose_once)
    items = [script("lose once"), script("apply")]

    assert [each["code"] for each in device.send(*items)] == ["ok", "queued"]
    assert (row_of(items[1]).attempts, history_of(items[1])) == (0, [])


def test_count_fails(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that goes away when replays are counted takes no answer away."""
    item = make_item()
    device.send(item)

    def fail(*args: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(replays, "count", fail)

    assert device.send(item) == [result(item, result=ANSWER, replayed=True)]
