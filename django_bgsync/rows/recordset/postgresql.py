"""PostgreSQL's form: `ROWS FROM` JSON lists, and statements that write several tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db import models

from django_bgsync.canonical import write_json
from django_bgsync.rows.portable import Marks, unchanged, vanished
from django_bgsync.rows.recordset.columns import Column, table_of
from django_bgsync.rows.recordset.forms import Cells, Recordset, Rows

M = TypeVar("M", bound=models.Model)
_ALL_OR_SOME = "SELECT CASE WHEN count(*) < {} THEN coalesce(array_agg(id), '{{}}') END FROM {}"
"""NULL if all were found, as is the rule: Python takes longer to read a hundred keys than the database to find them."""


class PostgreSQL(Recordset[M]):
    """With all that belongs together in one statement: each is a round trip, and a wait for one."""

    receives_at_once = True
    locks_and_more = True

    def receive(self, receipts: Sequence[M], delivery: models.Model) -> set[UUID]:
        items, parameters = self._insert(receipts, ignoring=True)
        deliveries, others = self._insert([delivery])
        kept = f"{deliveries} AND EXISTS (SELECT 1 FROM fresh)"
        ending = _ALL_OR_SOME.format(len(receipts), "fresh")
        [(some,)] = self._fetch(f"WITH fresh AS ({items}), kept AS ({kept}) {ending}", parameters + others)
        return {row.pk for row in receipts} if some is None else set(some)

    def lock(self, marks: Marks, names: Sequence[str], more: str = "") -> Collection[UUID]:
        table = table_of(self.alias, self.model, ("id", *names))
        # With all values in the text: no statement with parameters goes together with another one.
        keys = ",".join(pk.hex for pk in marks)
        rows = f"FROM {table.name} WHERE id = ANY('{{{keys}}}'::uuid[]) ORDER BY id FOR UPDATE"
        ending = f"; {more}" if more else ""
        common = set(marks.values())
        if len(common) == 1:
            # As a rule all rows are as they were, and here they are compared without making Python's values of them.
            is_unchanged = " AND ".join(map(_equals, table.columns[1:], common.pop()))
            if self._fetch(f"SELECT {is_unchanged} {rows}{ending}") == [(True,)] * len(marks):
                return marks.keys()
            ending = ""
        return unchanged(self._fetch(f"SELECT {table.names} {rows}{ending}"), marks)

    def write_back(self, rows: Sequence[M], names: Sequence[str], attempts: Rows) -> None:
        if not attempts:
            return super().write_back(rows, names, attempts)
        updates, parameters = self._update(rows, names)
        inserts, others = self._insert(attempts)
        changed = f"changed AS ({updates} RETURNING 1), tried AS ({inserts})"
        statement = f"WITH {changed} SELECT count(*) FROM changed"
        if self._fetch(statement, parameters + others) != [(len(rows),)]:
            raise vanished()

    def source(self, name: str, columns: Sequence[Column]) -> str:
        # A list for each column, side by side: both ends are done sooner than with the columns' names in each row.
        lists = ", ".join(["json_array_elements_text(%s::json)"] * len(columns))
        keys = ", ".join(column.key for column in columns)
        cells = ", ".join(f"{column.key}::{_kind(column)}" for column in columns)
        return f"(SELECT {cells} FROM ROWS FROM ({lists}) AS lists({keys})) AS {name}"

    def unfoldable(self, cells: Cells) -> list[str]:
        return [write_json(each) for each in cells.values()]

    def constant(self, column: Column) -> str:
        return f"%s::{_kind(column)}"

    def among(self, column_type: str) -> str:
        return f"= ANY(%s::{column_type}[])"

    def listed(self, keys: Sequence[Any]) -> str:
        # An array as text: the keys of rows are UUIDs, in which there is nothing to quote.
        return f"{{{','.join(keys)}}}"


def _kind(column: Column) -> str:
    """The type without a length: a cast to varchar(n) cuts off what is longer, but its column refuses it."""
    return column.type.partition("(")[0]


def _equals(column: Column, value: Any) -> str:
    [written] = column.written([value])
    literal = "NULL" if written is None else "'{}'".format(str(written).replace("'", "''"))
    return f"{column.name} IS NOT DISTINCT FROM {literal}"
