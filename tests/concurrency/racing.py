"""Many senders at once, in threads and in processes: all start at the same moment."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import django
from django.db import connection

T = TypeVar("T")
PATIENCE = 120  # seconds; a racer that does not come to the start is a failure, not a reason to wait


def race(*runs: Callable[[], T]) -> list[T]:
    """Run all of them at once, each in a thread with a connection of its own. What they return, in their order."""
    start = Barrier(len(runs))

    def run(act: Callable[[], T]) -> T:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE)
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(runs)) as pool:
        return list(pool.map(run, runs))


def deliveries(device: Any, items: Sequence[dict[str, Any]], times: int) -> Callable[[], list[Any]]:
    """Deliver the same items so many times, one time in their order and one time in the opposite one."""

    def send() -> list[Any]:
        turns = [items, items[::-1]]
        responses = [device.deliver(*turns[number % 2]) for number in range(times)]
        return [(response.status_code, response.content.decode()) for response in responses]

    return send


def main() -> None:
    """`python -m tests.concurrency.racing <threads> <times>`: items on the input, a line before the start, answers out.

    Says "ready" before it waits for the line.
    """
    django.setup()
    from django.contrib.auth import get_user_model

    from tests.deliveries import Device

    threads, times = map(int, sys.argv[1:])
    items = json.loads(sys.stdin.readline())
    user = get_user_model().objects.get(username="ada")
    devices = [Device(user) for _ in range(threads)]
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(race(*(deliveries(device, items, times) for device in devices))))


if __name__ == "__main__":
    main()
