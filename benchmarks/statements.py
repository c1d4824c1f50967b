"""What a delivery asks of the database without what we make of it: its very statements, recorded once, and sent again
with ids of their own.

The limit of every rewriting of our Python: what is left is Django, the handler, and the statements themselves.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks import load

DIRECTORY = "BGSYNC_BENCH_STATEMENTS"
"""The environment variable that says where the recordings are."""
OF_DJANGO = ("django_session", "auth_user")
"""Tables of what is asked before the view is called."""
OF_HANDLER = "site_effect"
BOUNDARIES = ("BEGIN", "COMMIT")
HANDLER = ("", None)
"""In the place of the handler's statements: it is called."""
_ID = re.compile("[0-9a-f]{32}")
Statement = tuple[str, list[Any] | None]


@dataclass(frozen=True)
class Recording:
    """The delivery of so many items. In the places of the ids that were its own there are numbers: `%(12)s`."""

    transactions: list[tuple[bool, list[Statement]]]
    """Whether it is one, or a row of statements each of which commits by itself; and the statements."""
    ids: int
    answer: str

    def send(self, handler: Callable[[], object]) -> None:
        from django.db import transaction

        ids = self._fresh()
        for is_one, statements in self.transactions:
            with transaction.atomic() if is_one else nullcontext():
                for sql, parameters in statements:
                    if sql:
                        _execute(sql % ids, parameters and [_filled(each, ids) for each in parameters])
                    else:
                        handler()

    def _fresh(self) -> dict[str, str]:
        """So many ids, in order and of this millisecond, as ours are."""
        now = f"{time.time_ns() // 1_000_000:012x}7"
        noise = secrets.token_hex(10 * self.ids)
        made = sorted(f"{now}{noise[at : at + 3]}8{noise[at + 3 : at + 18]}" for at in range(0, len(noise), 20))
        return {str(number): each for number, each in enumerate(made)}


def record(count: int, session: str, csrf: str, directory: Path) -> None:
    """Deliver `many` items twice, and write down what the second time asks, when nothing but the items is new."""
    from django.db import connection
    from django.test import Client

    from benchmarks.receiving import PATH, fresh

    client = Client(headers={"X-CSRFToken": csrf})
    client.cookies["sessionid"], client.cookies["csrftoken"] = session, csrf
    heard: list[tuple[bool, list[Any]]] = []

    def listen(execute: Any, sql: str, parameters: Any, *rest: Any) -> Any:
        is_one = connection.in_atomic_block
        if not heard or heard[-1][0] != is_one or sql.startswith(BOUNDARIES):
            heard.append((is_one, []))
        statements = heard[-1][1]
        if OF_HANDLER in sql and statements[-1] != HANDLER:
            statements.append(HANDLER)
        elif not (sql.startswith(BOUNDARIES) or any(table in sql for table in (*OF_DJANGO, OF_HANDLER))):
            statements.append((sql, parameters and list(parameters)))
        return execute(sql, parameters, *rest)

    def deliver() -> str:
        heard.clear()
        body = load.envelope("many", fresh(count))
        with connection.execute_wrapper(listen):
            return client.post(PATH, body, content_type="application/json").content.decode()

    deliver()
    of_the_first = set(_ID.findall(repr(heard)))
    answer = deliver()
    ids = sorted(set(_ID.findall(repr(heard))) - of_the_first)
    places = {each: f"%({number})s" for number, each in enumerate(ids)}

    def opened(value: Any) -> Any:
        if value is None or isinstance(value, int):
            return value
        return _ID.sub(lambda found: places.get(found[0], found[0]), str(value).replace("%", "%%"))

    transactions = [
        (is_one, [(opened(sql), parameters and [*map(opened, parameters)]) for sql, parameters in statements])
        for is_one, statements in heard
        if statements
    ]
    (directory / f"{count}.json").write_text(json.dumps(asdict(Recording(transactions, len(ids), answer))))


@lru_cache
def recorded(path: Path) -> Recording:
    return Recording(**json.loads(path.read_text()))


def _filled(value: Any, ids: dict[str, str]) -> Any:
    return value % ids if isinstance(value, str) else value


def _execute(sql: str, parameters: list[Any] | None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        if cursor.description:
            cursor.fetchall()
