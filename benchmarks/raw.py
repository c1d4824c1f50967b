"""The limit: the rows that a delivery leaves, written without Django and HTTP, from one JSON parameter per batch.

The very rows, in the package's own tables with all their columns, constraints and indexes: a delivery of one item is
sent first, and each batch is a copy of the rows that it left, with keys, times and payloads of its own.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

DIFFERING: Mapping[str, Mapping[str, str]] = {
    "django_bgsync_delivery": {"id": "delivery", "received_at": "at"},
    "django_bgsync_syncitem": {
        "id": "id",
        "item_id": "item",
        "delivery_id": "delivery",
        "payload": "payload",
        "fingerprint": "print",
        "result": "result",
        "received_at": "at",
        "finished_at": "at",
    },
    "django_bgsync_deliveryattempt": {"id": "attempt", "item_id": "id", "delivery_id": "delivery", "started_at": "at"},
    "site_effect": {"id": "item", "text": "text"},
}
"""Of each table the columns that are not copied, and which member of a batch's records each is written from."""
TYPES = {"id": "uuid", "item": "uuid", "attempt": "uuid", "delivery": "uuid", "at": "timestamptz"}
MEMBERS = ("id", "item", "attempt", "delivery", "at", "payload", "print", "result", "text")
ONE_ROW = "django_bgsync_delivery"


def records(ids: Sequence[str], payload: Callable[[str], dict[str, Any]], now: datetime | None = None) -> str:
    """The parameter for one batch: what the endpoint would store of these items."""
    from django_bgsync.canonical import write_json
    from django_bgsync.identity import fingerprint, item_key, uuid7

    def record(each: str) -> dict[str, str]:
        text = write_json(payload(each))
        return {
            "id": item_key("u:1", UUID(each)).hex,
            "item": UUID(each).hex,
            "attempt": uuid7().hex,
            "payload": text,
            "print": fingerprint("many", "", text.encode()),
            "result": write_json({"id": each}),
            "text": payload(each)["text"],
            **of_batch,
        }

    of_batch = {"delivery": uuid7().hex, "at": (now or datetime.now(UTC)).replace(tzinfo=None).isoformat(sep=" ")}
    return json.dumps([record(each) for each in ids])


class Postgres:
    """All four tables in one statement, which commits by itself."""

    def __init__(self, url: str) -> None:
        import psycopg
        from psycopg.rows import dict_row
        from psycopg.sql import Literal

        self.connection = psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True)
        cursor = self.connection.cursor(row_factory=dict_row)

        def pattern(table: str) -> dict[str, str]:
            row: Any = cursor.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()
            return {name: Literal(value).as_string(cursor) for name, value in row.items()}

        types = ", ".join(f"{name} {TYPES.get(name, 'text')}" for name in MEMBERS)
        source = f"r AS MATERIALIZED (SELECT * FROM json_to_recordset(%s::json) AS r({types}))"
        steps = [f"{table}_ AS ({_insert(table, pattern(table))})" for table in DIFFERING]
        self.statement = f"WITH {source}, {', '.join(steps)} SELECT 1".replace("%", "%%").replace("(%%s", "(%s")

    def write(self, parameter: str) -> None:
        self.connection.execute(self.statement, [parameter])


class SQLite:
    """One statement for each table, in one transaction: no statement of SQLite writes two."""

    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        self.connection.row_factory = sqlite3.Row
        unfolded = ", ".join(f"value->>'{name}' AS {name}" for name in MEMBERS)
        source = f"WITH r AS (SELECT {unfolded} FROM json_each(?))"
        self.statements = [f"{source} {_insert(table, self._pattern(table))}" for table in DIFFERING]

    def _pattern(self, table: str) -> dict[str, str]:
        row = self.connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()
        quoted = self.connection.execute(f"SELECT {', '.join('quote(?)' for _ in row)}", tuple(row)).fetchone()
        return dict(zip(row.keys(), quoted, strict=True))

    def write(self, parameter: str) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        for statement in self.statements:
            self.connection.execute(statement, [parameter])
        self.connection.execute("COMMIT")


def _insert(table: str, pattern: Mapping[str, str]) -> str:
    """Copies of the pattern row, in the columns that differ with the values of the records `r`."""
    differing = DIFFERING[table]
    values = [f"r.{differing[name]}" if name in differing else literal for name, literal in pattern.items()]
    names = ", ".join(f'"{name}"' for name in pattern)
    limit = " LIMIT 1" if table == ONE_ROW else ""
    return f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM r{limit}"
