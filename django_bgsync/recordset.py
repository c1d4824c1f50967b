"""Many rows in one statement with one JSON parameter.

Binding row by row is what bulk inserts cost: Django's compiler and the driver spend ten times as long on the
parameters of a hundred rows as the database on the rows. So the columns that differ travel as one JSON text which the
database unfolds, and those that are the same for all rows as one parameter each. This is the only module that knows
databases by name.
"""

from __future__ import annotations

import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

Rows = Sequence[models.Model]
Fields = Sequence[Any]


def dialect_of(connection: BaseDatabaseWrapper) -> Dialect | None:
    """How this database unfolds JSON; None where it cannot, or nobody has tried."""
    if connection.vendor == "postgresql":
        return PostgreSQL(connection)
    if connection.vendor == "sqlite" and sqlite3.sqlite_version_info >= (3, 38):
        return SQLite(connection)
    return None


class Dialect(ABC):
    """INSERT and UPDATE from one JSON parameter."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.quote = connection.ops.quote_name

    def insert(self, rows: Rows, *, ignore_conflicts: bool = False) -> None:
        """Insert the rows; with `ignore_conflicts` without those that break a unique constraint."""
        meta: Any = rows[0]._meta
        fields = meta.concrete_fields
        columns = _Columns(self, fields, rows)
        names = ", ".join(self.quote(field.column) for field in fields)
        conflict = "ON CONFLICT DO NOTHING" if ignore_conflicts else ""
        self._execute(
            f"INSERT INTO {self.quote(meta.db_table)} ({names}) "  # noqa: S608 - names of our own columns
            f"SELECT {', '.join(columns.values)} FROM {columns.source} WHERE true {conflict}",
            columns.parameters,
        )

    def update(self, rows: Rows, names: Iterable[str]) -> int:
        """Write these attributes of the rows, found by primary key. Returns how many there were."""
        meta: Any = rows[0]._meta
        fields = [meta.get_field(name) for name in names]
        columns = _Columns(self, [*fields, meta.pk], rows)
        changes = ", ".join(
            f"{self.quote(field.column)} = {value}" for field, value in zip(fields, columns.values, strict=False)
        )
        table, key = self.quote(meta.db_table), self.quote(meta.pk.column)
        return self._execute(
            f"UPDATE {table} SET {changes} FROM {columns.source} "  # noqa: S608 - as above
            f"WHERE {table}.{key} = {columns.values[-1]}",
            columns.parameters,
        )

    @abstractmethod
    def constant(self, field: Any) -> str:
        """A placeholder for a value of this field."""

    @abstractmethod
    def source(self, fields: Fields) -> str:
        """What stands after FROM: the JSON parameter as a table `r` with these columns."""

    def value(self, field: Any) -> str:
        return f"r.{self.quote(field.column)}"

    def prepare(self, field: Any) -> Callable[[Any], Any]:
        """How a value of this field is written in JSON."""
        connection = self.connection

        def prepared(value: Any) -> Any:
            value = field.get_db_prep_save(value, connection)
            return str(value) if isinstance(value, UUID | datetime) else value

        return prepared

    def _execute(self, statement: str, parameters: list[Any]) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return int(cursor.rowcount)


class PostgreSQL(Dialect):
    def constant(self, field: Any) -> str:
        return f"%s::{field.db_type(self.connection)}"

    def source(self, fields: Fields) -> str:
        columns = ", ".join(f"{self.quote(field.column)} {field.db_type(self.connection)}" for field in fields)
        return f"json_to_recordset(%s::json) AS r({columns})"


class SQLite(Dialect):
    def constant(self, field: Any) -> str:
        return "%s"

    def source(self, fields: Fields) -> str:
        columns = ", ".join(
            f"json_extract(value, '$.{field.column}') AS {self.quote(field.column)}" for field in fields
        )
        return f"(SELECT {columns} FROM json_each(%s)) AS r"  # noqa: S608 - as above


class _Columns:
    """Some fields of some rows as SQL: a value for each field, the table they come from, and the parameters."""

    def __init__(self, dialect: Dialect, fields: Fields, rows: Rows) -> None:
        self.values: list[str] = []
        self.parameters: list[Any] = []
        varying: list[Any] = []
        unfolded: list[list[Any]] = []
        for field in fields:
            column = [row.__dict__[field.attname] for row in rows]
            if field.primary_key or any(value != column[0] for value in column):
                varying.append(field)
                unfolded.append(list(map(dialect.prepare(field), column)))
                self.values.append(dialect.value(field))
            else:
                self.values.append(dialect.constant(field))
                self.parameters.append(field.get_db_prep_save(column[0], dialect.connection))
        names = [field.column for field in varying]
        records = [dict(zip(names, record, strict=True)) for record in zip(*unfolded, strict=True)]
        self.parameters.append(json.dumps(records, ensure_ascii=False, separators=(",", ":")))
        self.source = dialect.source(varying)
