"""Many rows in one statement with a JSON parameter or two.

Binding row by row is what bulk inserts cost: Django's compiler and the driver spend ten times as long on the
parameters of a hundred rows as the database on the rows. So the columns that differ travel as one JSON text which the
database unfolds, and those that are the same for all rows once. This is the only module that knows databases by
name.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connections, models

from django_bgsync.canonical import write_json
from django_bgsync.portable import Marks, Portable, vanished

M = TypeVar("M", bound=models.Model)
Rows = Sequence[models.Model]
Writer = Callable[[Any], Any]
_AS_THEY_ARE = {"CharField", "TextField", "BooleanField", "PositiveIntegerField", "PositiveSmallIntegerField"}
_AS_THEY_ARE |= {"IntegerField", "BigIntegerField", "AutoField", "BigAutoField"}


def form_for(alias: str, model: type[M]) -> Portable[M]:
    """How this database writes many rows: from JSON, or as Django does where it cannot, or nobody has tried."""
    vendor = connections[alias].vendor
    if vendor == "postgresql":
        return PostgreSQL(alias, model)
    if vendor == "sqlite" and sqlite3.sqlite_version_info >= (3, 38):
        return SQLite(alias, model)
    return Portable(alias, model)


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """One field as SQL."""

    attname: str
    name: str
    """Quoted."""
    key: str
    """In the JSON objects."""
    type: str
    write: Writer | None
    """How a value is written in JSON; None: as it is."""
    is_key: bool

    def written(self, cells: list[Any]) -> list[Any]:
        write = self.write
        return cells if write is None else [None if cell is None else write(cell) for cell in cells]


Cells = dict[_Column, list[Any]]
"""Of each column its values, as they are written in JSON."""


@dataclass(frozen=True, slots=True)
class _Unfolded:
    """Some columns of some rows as SQL: a value for each column, the table they come from, and the parameters."""

    values: list[str]
    source: str
    parameters: list[Any]


class Recordset(Portable[M], ABC):
    """INSERT and UPDATE from JSON parameters."""

    def receive(self, receipts: Sequence[M], delivery: models.Model) -> set[UUID]:
        statement, parameters = self._insert(receipts, "ON CONFLICT DO NOTHING RETURNING id")
        fresh = {self.key(pk) for (pk,) in self._fetch(statement, parameters)}
        if fresh:
            self._run(*self._insert([delivery]))
        return fresh

    def write_back(self, rows: Sequence[M], names: Sequence[str], attempts: Rows) -> None:
        if self._run(*self._update(rows, names)) != len(rows):
            raise vanished()
        if attempts:
            self._run(*self._insert(attempts))

    @abstractmethod
    def unfolded(self, columns: Sequence[_Column], differing: Cells, common: Cells) -> _Unfolded:
        """The columns as SQL: those whose values differ from row to row, and those that have one in common."""

    @abstractmethod
    def instant(self, value: datetime) -> str:
        """A point in time as this database reads it in JSON."""

    def key(self, value: Any) -> UUID:
        """A primary key as this database returns it."""
        return value if isinstance(value, UUID) else UUID(value)

    def _insert(self, rows: Rows, ending: str = "") -> tuple[str, list[Any]]:
        columns = _columns(self, type(rows[0]), ())
        record = self._unfold(columns, rows)
        names = ", ".join(column.name for column in columns)
        return (
            f"INSERT INTO {_table(rows)} ({names}) "  # noqa: S608 - names of our own columns
            f"SELECT {', '.join(record.values)} FROM {record.source} WHERE true {ending}",
            record.parameters,
        )

    def _update(self, rows: Rows, names: Sequence[str], ending: str = "") -> tuple[str, list[Any]]:
        columns = _columns(self, type(rows[0]), (*names, "id"))
        record = self._unfold(columns, rows)
        changes = [f"{column.name} = {value}" for column, value in zip(columns, record.values, strict=True)]
        return (
            f"UPDATE {(table := _table(rows))} SET {', '.join(changes[:-1])} FROM {record.source} "  # noqa: S608 - as above
            f"WHERE {table}.{changes[-1]} {ending}",
            record.parameters,
        )

    def _unfold(self, columns: Sequence[_Column], rows: Rows) -> _Unfolded:
        differing: Cells = {}
        common: Cells = {}
        records = [row.__dict__ for row in rows]
        for column in columns:
            cells = [record[column.attname] for record in records]
            if not column.is_key and cells.count(cells[0]) == len(cells):
                common[column] = column.written(cells[:1])
            else:
                differing[column] = column.written(cells)
        return self.unfolded(columns, differing, common)

    def _run(self, statement: str, parameters: list[Any]) -> int:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(statement, parameters)
            return int(cursor.rowcount)

    def _fetch(self, statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


class PostgreSQL(Recordset[M]):
    """With all that belongs together in one statement: each is a round trip, and a wait for one."""

    receives_at_once = True

    def receive(self, receipts: Sequence[M], delivery: models.Model) -> set[UUID]:
        items, parameters = self._insert(receipts, "ON CONFLICT DO NOTHING RETURNING id")
        deliveries, others = self._insert([delivery], "AND EXISTS (SELECT 1 FROM fresh)")
        statement = f"WITH fresh AS ({items}), kept AS ({deliveries}) SELECT id FROM fresh"  # noqa: S608 - as above
        return {pk for (pk,) in self._fetch(statement, parameters + others)}

    def lock(self, pks: Sequence[UUID], names: Sequence[str]) -> Marks:
        columns = ", ".join(column.name for column in _columns(self, self.model, ("id", *names)))
        statement = f'SELECT {columns} FROM "{self.model._meta.db_table}" WHERE id = ANY(%s::uuid[])'  # noqa: S608 - as above
        found = self._fetch(f"{statement} ORDER BY id FOR UPDATE", [f"{{{','.join(pk.hex for pk in pks)}}}"])
        return {pk: mark for pk, *mark in found}

    def write_back(self, rows: Sequence[M], names: Sequence[str], attempts: Rows) -> None:
        if not attempts:
            return super().write_back(rows, names, attempts)
        updates, parameters = self._update(rows, names, "RETURNING 1")
        inserts, others = self._insert(attempts)
        statement = f"WITH changed AS ({updates}), tried AS ({inserts}) SELECT count(*) FROM changed"  # noqa: S608 - as above
        if self._fetch(statement, parameters + others) != [(len(rows),)]:
            raise vanished()

    def unfolded(self, columns: Sequence[_Column], differing: Cells, common: Cells) -> _Unfolded:
        # What is common comes from JSON, too: a parameter of its own is converted and quoted by the driver.
        def source(name: str, cells: Cells) -> str:
            types = ", ".join(f"{column.name} {column.type}" for column in cells)
            return f"json_to_recordset(%s::json) AS {name}({types})"

        return _Unfolded(
            values=[f"{'r' if column in differing else 'c'}.{column.name}" for column in columns],
            source=f"{source('r', differing)}, {source('c', common)}",
            parameters=[_records(differing), _records(common)],
        )

    def instant(self, value: datetime) -> str:
        return value.isoformat()


class SQLite(Recordset[M]):
    def unfolded(self, columns: Sequence[_Column], differing: Cells, common: Cells) -> _Unfolded:
        cells = ", ".join(f"json_extract(value, '$.{column.key}') AS {column.name}" for column in differing)
        return _Unfolded(
            values=[f"r.{column.name}" if column in differing else "%s" for column in columns],
            source=f"(SELECT {cells} FROM json_each(%s)) AS r",  # noqa: S608 - as above
            parameters=[*(cell for [cell] in common.values()), _records(differing)],
        )

    def instant(self, value: datetime) -> str:
        return str(connections[self.alias].ops.adapt_datetimefield_value(value))


def _records(cells: Cells) -> str:
    keys = [column.key for column in cells]
    return write_json([dict(zip(keys, record, strict=True)) for record in zip(*cells.values(), strict=True)])


def _table(rows: Rows) -> str:
    return f'"{rows[0]._meta.db_table}"'


@lru_cache(maxsize=64)
def _columns_of(
    kind: type[Recordset[Any]], alias: str, model: type[models.Model], names: tuple[str, ...]
) -> list[_Column]:
    form, connection = kind(alias, model), connections[alias]
    fields: Iterable[Any] = map(model._meta.get_field, names) if names else model._meta.concrete_fields
    return [
        _Column(
            attname=field.attname,
            name=f'"{field.column}"',
            key=field.column,
            type=field.db_type(connection),
            write=_writer(form, field),
            is_key=field.primary_key,
        )
        for field in fields
    ]


def _columns(form: Recordset[Any], model: type[models.Model], names: tuple[str, ...]) -> list[_Column]:
    return _columns_of(type(form), form.alias, model, names)


def _writer(form: Recordset[Any], field: Any) -> Writer | None:
    kind = (field.target_field if field.is_relation else field).get_internal_type()
    if kind == "UUIDField":
        return _hex
    if kind == "DateTimeField":
        return form.instant
    if kind in _AS_THEY_ARE:
        return None

    def written(value: Any) -> Any:  # a user's primary key may be anything
        value = field.get_db_prep_save(value, connections[form.alias])
        return value if isinstance(value, int | str) else str(value)

    return written


def _hex(value: UUID) -> str:
    return value.hex
