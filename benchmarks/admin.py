"""How long the admin's pages take on long tables: the server's time, and the number of statements, of each.

Beside the time stands the mean processor time, of Python and, where it can be read, of the database's process: on a
machine that does other things, too, that is what it would be on an idle one.

python -m benchmarks.admin postgres://user@127.0.0.1/name     (a database of its own; its tables are dropped)
... --items 5000000                                           (and 1.2 times as many attempts: the default)
python -m benchmarks.admin --small                            (SQLite, a few items: shows that it still runs)
... --keep                                                    (leave the tables, and use them if they are there)
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.past import TAGS, Past

TARGET_MS = 150
PAGES = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", nargs="?", default="")
    parser.add_argument("--items", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    items, rounds = (2_000, 2) if arguments.small else (arguments.items, arguments.rounds)
    with tempfile.TemporaryDirectory() as directory:
        os.environ["DATABASE_URL"] = arguments.database or f"sqlite:///{directory}/site.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.site.admin_settings"
        past = prepare(items, keep=arguments.keep)
        # What the making of the past has left in memory is not the server's to collect.
        gc.collect()
        gc.freeze()
        print(f"{'page':38} {'p50':>8} {'p95':>8} {'cpu':>8}  statements")
        for name, addresses in pages(past, deep=10 if arguments.small else PAGES):
            report(name, *measure(addresses, rounds))
        if not arguments.keep:
            drop()


def prepare(items: int, *, keep: bool) -> Past:
    import django

    django.setup()
    from django.core.management import call_command

    from django_bgsync.models import SyncItem

    past = Past(items)
    if not keep:
        drop()  # what another benchmark has left is no past
    call_command("migrate", run_syncdb=True, verbosity=0)
    if (newest := SyncItem.objects.order_by("-received_at").first()) is not None:
        past.now = newest.received_at
        return past
    began = time.perf_counter()
    past.fill()
    print(f"{items:,} items made in {time.perf_counter() - began:,.0f} s")
    return past


def drop() -> None:
    from django.apps import apps
    from django.db import connection

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cascade = " CASCADE" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TABLE IF EXISTS {connection.ops.quote_name(table)}{cascade}")
    apps.clear_cache()


def pages(past: Past, deep: int) -> Iterator[tuple[str, Callable[[int], str]]]:
    """Each page, and its address in some round: of another item, client or tag each time."""
    root = "/admin/django_bgsync/"

    def some(round_: int) -> int:
        return past.items - 1 - (round_ * past.items // 23 % past.items)

    def items(query: str) -> Callable[[int], str]:
        return lambda round_: f"{root}syncitem/?{query}"

    yield "overview", lambda round_: root
    yield "needs attention", lambda round_: f"{root}syncitem/attention/"
    for span in ("24h", "7d", "30d"):
        yield f"tag, {span}", lambda round_, span=span: f"{root}synctag/{TAGS[round_ % 20]}/change/?span={span}"
    yield "client", lambda round_: f"{root}syncclient/{past.client_key(past.client_of(some(round_)))}/change/"
    yield "item", lambda round_: f"{root}syncitem/{item_key(past, some(round_))}/change/"
    for model in ("syncitem", "deliveryattempt", "delivery", "syncclient", "synctag", "feedpull", "operatoraction"):
        yield f"{model}, first page", lambda round_, model=model: f"{root}{model}/"
        yield f"{model}, last page", lambda round_, model=model: f"{root}{model}/?p=last"
    for model in ("syncitem", "deliveryattempt", "delivery"):
        yield f"{model}, page {deep:,}", deep_page(f"{root}{model}/", deep)
    for state in ("unfinished", "parked", "applied", "conflict", "held"):
        yield f"items, {state}", items(f"state__exact={state}")
    for code in ("dead", "invalid", "retrying", "none_such"):
        yield f"items, code {code}", items(f"code__exact={code}")
    yield (
        "items, tag and state",
        lambda round_: f"{root}syncitem/?tag__name__exact={TAGS[round_ % 20]}&state__exact=conflict",
    )
    yield (
        "items of a client",
        lambda round_: f"{root}syncitem/?client__id__exact={past.client_key(past.client_of(some(round_)))}",
    )
    yield "items of an hour", lambda round_: f"{root}syncitem/?period={hour(past, some(round_))}"
    yield (
        "parked items finished in an hour",
        lambda round_: f"{root}syncitem/?state__exact=parked&finished={hour(past, some(round_))}",
    )
    yield (
        "attempts, failed, of an hour",
        lambda round_: f"{root}deliveryattempt/?outcome__exact=failed&period={hour(past, some(round_))}",
    )
    yield "attempts, lost", lambda round_: f"{root}deliveryattempt/?outcome__exact=lost"
    yield "deliveries, last chance", lambda round_: f"{root}delivery/?last_chance__exact=1"
    yield "deliveries, trigger", lambda round_: f"{root}delivery/?trigger__exact=sync"
    yield "clients, silent", lambda round_: f"{root}syncclient/?trouble=silent7"
    yield from searches(past, some, root)


def searches(past: Past, some: Callable[[int], int], root: str) -> Iterator[tuple[str, Callable[[int], str]]]:
    def found(model: str, text: Callable[[int], Any]) -> Callable[[int], str]:
        return lambda round_: f"{root}{model}/?q={quote(str(text(some(round_))))}"

    def ends(number: int) -> str:
        text = str(past.item_id(number))
        return f"{text[:8]}…{text[-8:]}"

    for model in ("syncitem", "deliveryattempt"):
        yield f"{model}, search item id", found(model, past.item_id)
        yield f"{model}, search ends of item id", found(model, ends)
        yield f"{model}, search client", found(model, lambda number: past.client_id(past.client_of(number)))
        yield (
            f"{model}, search end of client",
            found(model, lambda n: "…" + str(past.client_id(past.client_of(n)))[-8:]),
        )
        yield f"{model}, search user", found(model, lambda number: f"user{past.owner(past.client_of(number))}")
        yield f"{model}, search beginning of user", found(model, lambda number: "user1")
        yield f"{model}, search code", found(model, lambda number: "sold_out")
        yield f"{model}, search nothing", found(model, lambda number: "nothing at all")


def item_key(past: Past, number: int) -> Any:
    return past.key(past.at(number), number, 8)


def hour(past: Past, number: int) -> str:
    from datetime import timedelta

    at = past.at(number)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}/{at + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"


def deep_page(url: str, number: int) -> Callable[[int], str]:
    """The address of a page far down, found by turning pages as a reader would, without rendering them."""
    from django.apps import apps
    from django.contrib import admin

    from django_bgsync.reports import paging

    model = apps.get_model("django_bgsync", url.rstrip("/").rpartition("/")[2])
    key = admin.site._registry[model].order  # type: ignore[attr-defined]
    rows, cursor = model._default_manager.only(*(name.lstrip("-") for name in key)), ""
    for _ in range(number - 1):
        cursor = paging.page(rows, key, cursor, 50).next or cursor
    return lambda round_: f"{url}?p={cursor}"


def measure(address: Callable[[int], str], rounds: int) -> tuple[list[float], float, set[int]]:
    """Milliseconds of each round, the mean of the processors' time, and the numbers of statements that were met."""
    from django.contrib.auth import get_user_model
    from django.core.cache import cache
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    user = get_user_model().objects.get(username="boss")
    http = Client(headers={"host": "127.0.0.1"})
    http.force_login(user)
    taken, asked, used = [], set(), 0.0
    for round_ in range(rounds + 1):
        cache.clear()
        began = time.perf_counter()
        response = http.get(address(round_))
        spent = (time.perf_counter() - began) * 1000
        if response.status_code != 200:
            raise RuntimeError(f"{address(round_)} answered {response.status_code}")
        if round_:  # the first one warms up
            taken.append(spent)
        else:
            used = processors()
    used = (processors() - used) * 1000 / rounds
    for round_ in range(2):
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            http.get(address(round_))
        asked.add(len(captured))
    return taken, used, asked


def processors() -> float:
    """Seconds of processor time that this process and its connection's have used; on SQLite they are one."""
    from django.db import connection

    used = time.process_time()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            process = Path(f"/proc/{cursor.fetchone()[0]}/stat")
        if process.exists():  # on this machine
            user, system = process.read_text().rpartition(")")[2].split()[11:13]
            used += (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return used


def report(name: str, taken: list[float], used: float, asked: set[int]) -> None:
    ordered = sorted(taken)
    p50, p95 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, round(len(ordered) * 0.95))]
    mark = "" if p95 <= TARGET_MS else "  !"
    print(
        f"{name:38} {p50:5.0f} ms {p95:5.0f} ms {used:5.0f} ms  {' or '.join(map(str, sorted(asked)))}{mark}",
        flush=True,
    )


if __name__ == "__main__":
    main()
