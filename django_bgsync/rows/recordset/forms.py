"""What the forms that write from JSON have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.db import connections, models

from django_bgsync.canonical import write_json
from django_bgsync.rows.portable import Portable, vanished
from django_bgsync.rows.recordset.columns import Column, Table, table_of

M = TypeVar("M", bound=models.Model)
Rows = Sequence[models.Model]
Cells = Mapping[str, Sequence[Any]]
"""By the keys of some columns their values, as they are written in JSON."""
Shape = tuple[bool, ...]
"""Of each column of a table whether its values differ from row to row."""


class Unfolded(NamedTuple):
    """Columns of rows as SQL: a value for each column, and where they come from."""

    values: list[str]
    source: str


class Recordset(Portable[M], ABC):
    """SELECT, INSERT and UPDATE with JSON parameters."""

    def find(self, keys: Sequence[Any], names: Sequence[str]) -> list[tuple[Any, ...]]:
        return self._select(keys, names)

    def receive(self, receipts: Sequence[M], delivery: models.Model) -> set[UUID]:
        fresh = {_key(pk) for (pk,) in self._fetch(*self._insert(receipts, ignoring=True))}
        if fresh:
            self._run(*self._insert([delivery]))
        return fresh

    def write_back(self, rows: Sequence[M], names: Sequence[str], attempts: Rows) -> None:
        if self._run(*self._update(rows, names)) != len(rows):
            raise vanished()
        if attempts:
            self._run(*self._insert(attempts))

    def count(self, keys: Sequence[Any], name: str, stamp: str, *, now: datetime, before: datetime) -> None:
        table = table_of(self.alias, self.model, ("pk", name, stamp))
        key, counted, stamped = table.columns
        is_due = f"({stamped.name} IS NULL OR {stamped.name} <= %s)"
        self._run(
            f"UPDATE {table.name} SET {counted.name} = {counted.name} + 1, {stamped.name} = %s "
            f"WHERE {key.name} {self.among(key.type)} AND {is_due}",
            [self._instant(now), self.listed(key.written(keys)), self._instant(before)],
        )

    @abstractmethod
    def source(self, name: str, columns: Sequence[Column]) -> str:
        """A table of this name that is unfolded from JSON."""

    def unfolded(self, table: Table, shape: Shape) -> Unfolded:
        """The columns of a table as SQL: `r` has what differs. What is common is in no source, from which it would be
        taken again for each row.
        """
        values = [
            f"r.{column.key}" if differs else self.constant(column)
            for column, differs in zip(table.columns, shape, strict=True)
        ]
        return Unfolded(values, self.source("r", of_shape(table, shape, True)))

    def constant(self, column: Column) -> str:
        """A parameter that is the value of a column in each row."""
        return "%s"

    def parameters(self, differing: Cells, common: Cells) -> list[Any]:
        """The parameters of what is `unfolded`."""
        return [*(cell for [cell] in common.values()), *self.unfoldable(differing)]

    def unfoldable(self, cells: Cells) -> list[str]:
        """The parameters of a `source`."""
        return [records(cells)]

    @abstractmethod
    def among(self, column_type: str) -> str:
        """A condition for values of such a column that are in a list, which is a parameter."""

    def listed(self, keys: Sequence[Any]) -> str:
        """That parameter, for keys as they are written in JSON."""
        return write_json(keys)

    def insert_text(self, table: Table, record: Unfolded, *, ignoring: bool) -> str:
        """`ignoring` leaves out the rows whose key exists, and returns the keys of the others."""
        ending = " ON CONFLICT DO NOTHING RETURNING id" if ignoring else ""
        return (
            f"INSERT INTO {table.name} ({table.names}) "
            f"SELECT {', '.join(record.values)} FROM {record.source} WHERE true{ending}"
        )

    def update_text(self, table: Table, record: Unfolded) -> str:
        """The last column is the key."""
        *changes, key = assignments(table, record)
        return f"UPDATE {table.name} SET {', '.join(changes)} FROM {record.source} WHERE {table.name}.{key}"

    def _select(self, keys: Sequence[Any], names: Sequence[str]) -> list[tuple[Any, ...]]:
        table, key = table_of(self.alias, self.model, tuple(names)), table_of(self.alias, self.model, ("pk",))
        [column] = key.columns
        text = f"SELECT {table.names} FROM {table.name} WHERE {column.name} {self.among(column.type)}"
        found = self._fetch(text, [self.listed(column.written(keys))])
        return table.converted(found, connections[self.alias])

    def _insert(self, rows: Rows, *, ignoring: bool = False) -> tuple[str, list[Any]]:
        table = table_of(self.alias, type(rows[0]))
        shape, parameters = self._unfold(table, rows)
        return _insert_text(self, table, shape, ignoring), parameters

    def _update(self, rows: Rows, names: Sequence[str]) -> tuple[str, list[Any]]:
        table = table_of(self.alias, type(rows[0]), (*names, "id"))
        shape, parameters = self._unfold(table, rows)
        return _update_text(self, table, shape), parameters

    def _unfold(self, table: Table, rows: Rows) -> tuple[Shape, list[Any]]:
        groups = list(zip(*[table.record(row.__dict__) for row in rows], strict=True))
        differing: dict[str, Any] = {}
        common: dict[str, Any] = {}
        shape = []
        for column, cells in zip(table.columns, groups, strict=True):
            differs = column.is_key or cells[0] != cells[-1] or cells.count(cells[0]) != len(cells)
            (differing if differs else common)[column.key] = column.written(cells if differs else cells[:1])
            shape.append(differs)
        return tuple(shape), self.parameters(differing, common)

    def _instant(self, value: datetime) -> Any:
        return connections[self.alias].ops.adapt_datetimefield_value(value)

    def _run(self, statement: str, parameters: list[Any]) -> int:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(statement, parameters)
            return int(cursor.rowcount)

    def _fetch(self, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


def records(cells: Cells) -> str:
    """A JSON list with an object for each row."""
    keys = list(cells)
    return write_json([dict(zip(keys, record, strict=True)) for record in zip(*cells.values(), strict=True)])


def of_shape(table: Table, shape: Shape, differs: bool) -> list[Column]:
    """The columns whose values differ, or those that have one in common."""
    return [column for column, each in zip(table.columns, shape, strict=True) if each == differs]


def assignments(table: Table, record: Unfolded) -> list[str]:
    """`name = value` for each column."""
    return [f"{column.name} = {value}" for column, value in zip(table.columns, record.values, strict=True)]


# Made once: of the few shapes that there are each is met again and again.


@lru_cache(maxsize=256)
def _insert_text(form: Recordset[Any], table: Table, shape: Shape, ignoring: bool) -> str:
    return form.insert_text(table, form.unfolded(table, shape), ignoring=ignoring)


@lru_cache(maxsize=256)
def _update_text(form: Recordset[Any], table: Table, shape: Shape) -> str:
    return form.update_text(table, form.unfolded(table, shape))


def _key(value: Any) -> UUID:
    """A primary key as the database returns it."""
    return value if isinstance(value, UUID) else UUID(value)
