"""Memory of a web worker while items come in: flat, however many.

python -m benchmarks.memory postgres://user@127.0.0.1/name --items 1000000     (its tables are dropped)
python -m benchmarks.memory                                                     (SQLite in a temporary directory)
... --small                                                                     (shows that it still runs)
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

from benchmarks import load
from benchmarks.receiving import BATCH, prepare

PATH = "/bgsync/v1/deliveries/"
WARM_UP = 100
"""Batches, or a tenth: caches fill, and the allocator finds its size."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", nargs="?", default="")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        os.environ["DATABASE_URL"] = arguments.database or f"sqlite:///{directory}/site.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.site.settings"
        session, csrf = prepare()
        with load.served({}) as port:
            senders = [load.Sender(port, session, csrf) for _ in range(2)]
            grow(senders, (10 * BATCH if arguments.small else arguments.items) // BATCH)


def grow(senders: list[load.Sender], batches: int) -> None:
    """Deliver so many batches; print the worker's memory after the warm-up, in the middle and at the end."""
    warm_up = min(WARM_UP, batches // 10)
    deliver(senders, warm_up)
    worker = worker_of(os.getpid())
    start = show("start", warm_up, worker)
    middle = (batches - warm_up) // 2
    deliver(senders, middle)
    show("middle", warm_up + middle, worker)
    deliver(senders, batches - warm_up - middle)
    end = show("end", batches, worker)
    print(f"growth {end - start:+.1f} MB (target ± 10)")


def deliver(senders: list[load.Sender], batches: int) -> None:
    from django_bgsync.identity import uuid7

    left, lock = iter(range(batches)), Lock()

    def turns() -> Iterator[int]:
        while True:
            with lock:
                turn = next(left, None)
            if turn is None:
                return
            yield turn

    def send(sender: load.Sender) -> None:
        for _ in turns():
            sender.post(PATH, load.envelope("many", [str(uuid7()) for _ in range(BATCH)]))

    with ThreadPoolExecutor(len(senders)) as pool:
        list(pool.map(send, senders))


def show(name: str, batches: int, worker: int) -> float:
    pages = int(Path(f"/proc/{worker}/statm").read_text().split()[1])
    megabytes = pages * resource.getpagesize() / 2**20
    print(f"{name:8} {batches * BATCH:10,} items {megabytes:8.1f} MB", flush=True)
    return megabytes


def worker_of(process: int) -> int:
    """The last in the line of descent: this process, gunicorn's master, its only worker (Linux)."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return worker_of(int(children[-1])) if children else process


if __name__ == "__main__":
    main()
