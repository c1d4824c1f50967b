"""The same item again while its handler is still at it: the answer comes at once."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from django.db import connection

from tests.app.steps import STEPS
from tests.deliveries import Device, effects_of, history_of, make_item, read, result, script

QUICK = 5
"""Seconds: MariaDB waits one of them for the lock; a handler may take any number."""


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The handler's step "wait" says that it is inside, and goes on when it may."""
    inside, may_go_on = Event(), Event()

    def wait(item: Any) -> str:
        inside.set()
        assert may_go_on.wait(60)
        return "done"

    monkeypatch.setitem(STEPS, "wait", wait)
    yield inside, may_go_on
    may_go_on.set()


def send(device: Device, *items: dict[str, Any]) -> Any:
    try:
        return device.deliver(*items)
    finally:
        connection.close()


@pytest.mark.parametrize("send_count", [1, 2])
def test_duplicate_of_a_slow_item(user: Any, gate: Any, send_count: int) -> None:
    """`in_flight` within seconds, whatever the client says of its sending; new items beside it are applied."""
    inside, may_go_on = gate
    item, new = script("wait", "apply"), make_item()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send, Device(user), item)
        assert inside.wait(30)
        started = time.monotonic()
        again = read(Device(user).deliver({**item, "send_count": send_count}, new))["results"]
        took = time.monotonic() - started
        may_go_on.set()

        assert [(each["status"], each["code"]) for each in again] == [("deferred", "in_flight"), ("applied", "ok")]
        assert took < QUICK
        assert read(first.result(30))["results"] == [result(item, result="done")]
    assert (effects_of(item), history_of(item)) == (1, [(1, "receipt", "applied", "ok")])
