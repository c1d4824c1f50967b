"""Receiving items, side by side in one run: the raw limit, our endpoint, and the endpoint that one writes by hand.

python -m benchmarks.receiving postgres://user@127.0.0.1/name     (a database of its own; its tables are dropped)
python -m benchmarks.receiving                                     (SQLite in a temporary directory)
... --rounds 9                                                     (more rounds: steadier medians on a busy machine)
... --small                                                        (a few items: shows that it still runs)
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import lean, load, raw, statements

BATCH = 100
PATH = "/bgsync/v1/deliveries/"
RATIOS = {
    "many / raw (target 0.25)": ("ours, many", "raw"),
    "many / raw, lean tables": ("ours, many", "raw, lean tables"),
    "many / peer (target 20)": ("ours, many", "peer"),
    "per item / bare loop (target 0.4)": ("ours, per item", "bare loop"),
    "replayed / many (target 1.5)": ("ours, replayed", "ours, many"),
    "batch of one / peer (target 1)": ("ours, batch of one", "peer"),
    "statements alone / raw": ("statements alone, many", "raw"),
    "statements alone, one / peer": ("statements alone, batch of one", "peer"),
}
Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", nargs="?", default="")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    rounds, batches = (1, 2) if arguments.small else (arguments.rounds, 40)
    with tempfile.TemporaryDirectory() as directory:
        site = f"{directory}/site.sqlite3"
        os.environ["DATABASE_URL"] = arguments.database or f"sqlite:///{site}"
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.site.settings"
        session, csrf = prepare()
        for count in (BATCH, 1):
            statements.record(count, session, csrf, Path(directory))
        with load.served({statements.DIRECTORY: directory}) as port:
            senders = [load.Sender(port, session, csrf) for _ in range(2)]
            for sender in senders:
                sender.post(PATH, load.envelope("many", fresh(1)))
            if arguments.database:
                limits = (raw.Postgres(arguments.database), lean.Postgres(arguments.database))
            else:
                limits = (raw.SQLite(site), lean.SQLite(f"{directory}/lean.sqlite3"))
            report([measure(senders, *limits, batches=batches) for _ in range(rounds)])


def measure(senders: Sequence[load.Sender], limit: Any, lean_limit: Any, *, batches: int) -> Figures:
    """Items per second of each case, one after the other."""

    def write(kind: Any, to: Any) -> float:
        parameters = [kind.records(fresh(BATCH), load.payload) for _ in range(batches)]
        return load.timed(BATCH * batches, lambda: [to.write(parameter) for parameter in parameters])

    def deliver(tag: str, deliveries: Sequence[Sequence[str]], *, path: str = PATH, **members: Any) -> float:
        bodies = [load.envelope(tag, ids, **members) for ids in deliveries]
        return load.rate(sum(map(len, deliveries)), senders, path, bodies)

    sent = [fresh(BATCH) for _ in range(batches)]
    ones = [fresh(1) for _ in range(3 * batches)]
    peers = [json.dumps({"id": each, "payload": load.payload(each)}).encode() for each in fresh(3 * batches)]
    return {
        "raw": write(raw, limit),
        "raw, lean tables": write(lean, lean_limit),
        "bare loop": load.timed(BATCH * batches, bare_loop([fresh(BATCH) for _ in range(batches)])),
        "ours, many": deliver("many", sent),
        "ours, per item": deliver("one", [fresh(BATCH) for _ in range(batches)]),
        "ours, replayed": deliver("many", sent, send_count=2),
        "ours, batch of one": deliver("many", ones),
        "statements alone, many": deliver("many", sent, path="/statements/"),
        "statements alone, batch of one": deliver("many", ones, path="/statements/"),
        "peer": load.rate(len(peers), senders, "/peer/", peers),
    }


def fresh(count: int) -> list[str]:
    """Ids of new items."""
    from django_bgsync.identity import uuid7

    return [str(uuid7()) for _ in range(count)]


def bare_loop(batches: Sequence[Sequence[str]]) -> Callable[[], None]:
    """What the per-item handler would reach without us: its ORM calls in one transaction per batch."""
    from django.db import transaction

    from benchmarks.site.models import Effect

    def run() -> None:
        for ids in batches:
            with transaction.atomic():
                for each in ids:
                    Effect.objects.create(id=each, text=load.payload(each)["text"])

    return run


def prepare() -> tuple[str, str]:
    """Fresh tables, a user and a session. Returns the session key and a CSRF token."""
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.middleware.csrf import _get_new_csrf_string
    from django.test import Client

    call_command("migrate", run_syncdb=True, verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    user = get_user_model().objects.create_user("bench")
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value, _get_new_csrf_string()


def report(rounds: Sequence[Figures]) -> None:
    """The medians: of the rounds' figures, and of the ratios within each round."""
    for name in rounds[0]:
        print(f"{name:30} {median(figures[name] for figures in rounds):10,.0f} items/s")
    for name, (one, other) in RATIOS.items():
        found = sorted(figures[one] / figures[other] for figures in rounds)
        print(f"{name:36} {median(found):6.2f}   ({found[0]:.2f} to {found[-1]:.2f})")


if __name__ == "__main__":
    main()
