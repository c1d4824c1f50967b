"""What a database can do with items at all: as many rows as a delivery leaves, in tables with half the columns and
half the indexes. One statement with one JSON parameter per batch.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

COLUMNS = "id uuid, item_id uuid, payload text, fingerprint text"
POSTGRES = """
WITH r AS MATERIALIZED (SELECT * FROM json_to_recordset(%s::json) AS r({columns})),
items AS (INSERT INTO lean_item SELECT id, item_id, 'u:1', 1, {client}, 'many', {client}, '',
  fingerprint, payload, 300, now(), 'applied', 'ok', '{{"id":"x"}}', 1, 0, now()
  FROM r ON CONFLICT DO NOTHING RETURNING id),
attempts AS (INSERT INTO lean_attempt SELECT item_id, id, 'many', {client}, {client}, 1, 'receipt', 'applied',
  'ok', now(), 1, 'worker' FROM r)
INSERT INTO lean_effect SELECT item_id, payload FROM r
"""
TABLES = (
    """CREATE TABLE lean_item (id {uuid} PRIMARY KEY, item_id {uuid}, owner varchar(255), user_id integer,
    client_id {uuid}, tag varchar(64), delivery_id {uuid}, lane varchar(100), fingerprint varchar(80), payload text,
    size integer, received_at {time}, state varchar(16), code varchar(64), result text, attempts integer,
    failures integer, finished_at {time})""",
    "CREATE INDEX lean_item_tag ON lean_item (tag, received_at)",
    "CREATE INDEX lean_item_client ON lean_item (client_id, received_at)",
    """CREATE TABLE lean_attempt (id {uuid} PRIMARY KEY, item_id {uuid}, tag varchar(64), client_id {uuid},
    delivery_id {uuid}, number integer, hand varchar(16), outcome varchar(16), code varchar(64), started_at {time},
    duration integer, worker varchar(100))""",
    "CREATE INDEX lean_attempt_item ON lean_attempt (item_id)",
    "CREATE TABLE lean_effect (id {uuid} PRIMARY KEY, text text)",
)
NOBODY = "'00000000-0000-4000-8000-000000000000'"


def records(ids: Sequence[str], payload: Callable[[str], dict[str, str]]) -> str:
    """The parameter for one batch."""
    print_ = "1:" + "0" * 64
    return json.dumps(
        [{"id": each, "item_id": each, "payload": json.dumps(payload(each)), "fingerprint": print_} for each in ids]
    )


class Postgres:
    def __init__(self, url: str) -> None:
        import psycopg

        self.connection = psycopg.connect(url.replace("postgres://", "postgresql://"), autocommit=True)
        for name in ("lean_item", "lean_attempt", "lean_effect"):
            self.connection.execute(f"DROP TABLE IF EXISTS {name}")
        for table in TABLES:
            self.connection.execute(table.format(uuid="uuid", time="timestamptz"))
        self.statement = POSTGRES.format(columns=COLUMNS, client=f"{NOBODY}::uuid")

    def write(self, parameter: str) -> None:
        self.connection.execute(self.statement, [parameter])


class SQLite:
    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        for table in TABLES:
            self.connection.execute(table.format(uuid="char(32)", time="datetime"))

    def write(self, parameter: str) -> None:
        run = self.connection.execute
        run("BEGIN IMMEDIATE")
        unfolded = "FROM (SELECT value->>'id' AS id, value->>'payload' AS payload, value->>'fingerprint' AS f"
        source = f"{unfolded} FROM json_each(?))"
        run(
            f"""INSERT INTO lean_item SELECT id, id, 'u:1', 1, {NOBODY}, 'many', {NOBODY}, '', f, payload, 300,
            '2026-01-01', 'applied', 'ok', '{{"id":"x"}}', 1, 0, '2026-01-01' {source}""",
            [parameter],
        )
        run(
            f"""INSERT INTO lean_attempt SELECT id, id, 'many', {NOBODY}, {NOBODY}, 1, 'receipt', 'applied', 'ok',
            '2026-01-01', 1, 'worker' {source}""",
            [parameter],
        )
        run(f"INSERT INTO lean_effect SELECT id, payload {source}", [parameter])
        run("COMMIT")
