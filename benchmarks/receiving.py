"""Receiving items, side by side in one run: the raw limit, our endpoint, and the endpoint that one writes by hand.

python -m benchmarks.receiving postgres://user@127.0.0.1/name     (a database of its own; its tables are dropped)
python -m benchmarks.receiving                                     (SQLite in a temporary directory)
... --small                                                        (a few items: shows that it still runs)
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks import load, raw

BATCH = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", nargs="?", default="")
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        os.environ["DATABASE_URL"] = arguments.database or f"sqlite:///{directory}/site.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.site.settings"
        limit = raw.Postgres(arguments.database) if arguments.database else raw.SQLite(f"{directory}/raw.sqlite3")
        report(measure(limit, rounds=2 if arguments.small else 40), is_sqlite=not arguments.database)


def measure(limit: Any, rounds: int) -> dict[str, float]:
    """Items per second of each case."""
    session, csrf = prepare()
    from django_bgsync.identity import uuid7

    def fresh(size: int, times: int) -> list[list[str]]:
        return [[str(uuid7()) for _ in range(size)] for _ in range(times)]

    found: dict[str, float] = {}
    batches = fresh(BATCH, rounds)
    count = BATCH * rounds
    parameters = [raw.records(ids, load.PAYLOAD["text"]) for ids in fresh(BATCH, rounds)]
    found["raw"] = load.timed(count, lambda: [limit.write(parameter) for parameter in parameters])
    found["bare loop"] = load.timed(count, bare_loop(fresh(BATCH, rounds)))
    with load.served({}) as port:
        senders = [load.Sender(port, session, csrf) for _ in range(2)]
        path = "/bgsync/v1/deliveries/"
        for sender in senders:
            sender.post(path, load.envelope("many", fresh(1, 1)[0]))

        def deliver(tag: str, batches: Sequence[list[str]], **members: Any) -> float:
            bodies = [load.envelope(tag, ids, **members) for ids in batches]
            return load.rate(sum(map(len, batches)), senders, path, bodies)

        found["ours, many"] = deliver("many", batches)
        found["ours, per item"] = deliver("one", fresh(BATCH, rounds))
        replays = [body.replace(b'"send_count":1', b'"send_count":2') for body in map_envelopes(batches)]
        found["ours, replayed"] = load.rate(count, senders, path, replays)
        ones = fresh(1, 3 * rounds)
        found["ours, batch of one"] = deliver("many", ones)
        peers = [json.dumps({"id": each, "payload": load.PAYLOAD}).encode() for [each] in fresh(1, 3 * rounds)]
        found["peer"] = load.rate(len(peers), senders, "/peer/", peers)
    return found


def map_envelopes(batches: Sequence[list[str]]) -> list[bytes]:
    return [load.envelope("many", ids) for ids in batches]


def bare_loop(batches: Sequence[list[str]]) -> Callable[[], None]:
    """What the per-item handler would reach without us: its ORM calls in one transaction per batch."""
    from django.db import transaction

    from benchmarks.site.models import Effect

    def run() -> None:
        for ids in batches:
            with transaction.atomic():
                for each in ids:
                    Effect.objects.create(id=each, text=load.PAYLOAD["text"])

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


def report(found: dict[str, float], *, is_sqlite: bool) -> None:
    for name, value in found.items():
        print(f"{name:20} {value:10,.0f} items/s")
    ratios = {
        "many / raw (target 0.25)": found["ours, many"] / found["raw"],
        "many / peer (target 20)": found["ours, many"] / found["peer"],
        "per item / bare loop (target 0.4)": found["ours, per item"] / found["bare loop"],
        "replayed / many (target 1.5)": found["ours, replayed"] / found["ours, many"],
        "batch of one / peer (target 1)": found["ours, batch of one"] / found["peer"],
    }
    for name, value in ratios.items():
        print(f"{name:36} {value:6.2f}")


if __name__ == "__main__":
    main()
