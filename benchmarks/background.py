"""Items for the background through a real qcluster (ORM broker, two workers), beside one task for each item.

python -m benchmarks.background postgres://user@127.0.0.1/name     (a database of its own; its tables are dropped)
python -m benchmarks.background                                     (SQLite in a temporary directory)
... --small                                                         (a few items: shows that it still runs)
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import load
from benchmarks.receiving import BATCH, prepare

PATH = "/bgsync/v1/deliveries/"
PATIENCE = 600
"""Seconds after which something is broken."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", nargs="?", default="")
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        os.environ["DATABASE_URL"] = arguments.database or f"sqlite:///{directory}/site.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.site.settings"
        session, csrf = prepare()
        with clustered(Path(directory) / "qcluster.log"), load.served({}) as port:
            sender = load.Sender(port, session, csrf)
            report(
                throughput(sender, BATCH if arguments.small else 50 * BATCH), idle(sender, 5 if arguments.small else 40)
            )


def throughput(sender: load.Sender, count: int) -> dict[str, float]:
    """Items per second from the first one sent until the last effect is committed."""
    from django_q.tasks import async_task

    from benchmarks.site.models import Effect
    from django_bgsync.identity import uuid7

    def fresh(number: int) -> list[str]:
        return [str(uuid7()) for _ in range(number)]

    def deliver(tag: str) -> Callable[[list[str]], None]:
        def send(ids: list[str]) -> None:
            for start in range(0, len(ids), BATCH):
                sender.post(PATH, load.envelope(tag, ids[start : start + BATCH]))

        return send

    def enqueue(ids: list[str]) -> None:
        for each in ids:
            async_task("benchmarks.site.tasks.apply_one", each, load.payload(each)["text"])

    def rate(send: Callable[[list[str]], None], ids: list[str]) -> float:
        before, started = Effect.objects.count(), time.perf_counter()
        send(ids)
        wait_for(lambda: Effect.objects.count() == before + len(ids))
        return len(ids) / (time.perf_counter() - started)

    for send in (deliver("later"), enqueue):
        rate(send, fresh(2))  # everybody is awake
    return {
        "ours, many": rate(deliver("later"), fresh(count)),
        "ours, per item": rate(deliver("later-one"), fresh(count)),
        "one task per item": rate(enqueue, fresh(max(BATCH, count // 5))),
    }


def idle(sender: load.Sender, count: int) -> list[float]:
    """Milliseconds from receipt to applied, of single items with nothing else to do."""
    from django_bgsync.identity import uuid7
    from django_bgsync.models import SyncItem

    waits = []
    for _ in range(count):
        item_id = uuid7()
        sender.post(PATH, load.envelope("later-one", [str(item_id)]))
        wait_for(lambda item_id=item_id: SyncItem.objects.get(item_id=item_id).is_finished)
        row = SyncItem.objects.get(item_id=item_id)
        waits.append((row.finished_at - row.received_at).total_seconds() * 1000)
    return waits


def report(found: dict[str, float], waits: list[float]) -> None:
    for name, value in found.items():
        print(f"{name:20} {value:10,.0f} items/s")
    for name in ("ours, many", "ours, per item"):
        print(f"{f'{name} / one task per item (target 3)':42} {found[name] / found['one task per item']:6.2f}")
    print(f"{'receipt to applied, idle (target 300)':42} {statistics.median(waits):6.0f} ms, worst {max(waits):.0f} ms")


@contextmanager
def clustered(log: Path) -> Iterator[None]:
    """A qcluster, ready; gone at the end with all its processes."""
    command = [sys.executable, "manage.py", "qcluster"]
    with log.open("w") as output:
        environment = {**os.environ, "Q_LOG_LEVEL": "INFO"}  # to read when it is ready
        cluster = subprocess.Popen(
            command, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_for(lambda: cluster.poll() is not None or "running." in log.read_text())
        if cluster.poll() is not None:
            raise RuntimeError(log.read_text())
        yield
    finally:
        os.killpg(cluster.pid, signal.SIGKILL)
        cluster.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("It does not come to an end.")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
