"""Waiting for conditions, never for time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL = 0.03  # seconds between two looks


def wait_until(
    condition: Callable[[], T],
    *,
    because: str,
    timeout: float = 20,
    tick: Callable[[float], object] = time.sleep,
) -> T:
    """Return the first true value of `condition`; fail after `timeout` seconds, naming what was awaited.

    `tick` passes the time between two looks. Playwright's events arrive only while it is being
    called, so a condition over them needs a page's own clock here.
    """
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {because}; last seen {value!r}")
        tick(INTERVAL)
    return value
