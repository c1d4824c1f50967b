"""SQLite's form: `json_each`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypeVar
from uuid import UUID

from django.db import models

from django_bgsync.rows.portable import Marks, unchanged
from django_bgsync.rows.recordset.columns import Column
from django_bgsync.rows.recordset.forms import Recordset

M = TypeVar("M", bound=models.Model)


class SQLite(Recordset[M]):
    """A statement for each table."""

    def lock(self, marks: Marks, names: Sequence[str], more: str = "") -> Collection[UUID]:
        """Only reads: there are no row locks, the transaction alone writes."""
        return unchanged(self._select(list(marks), ("id", *names)), marks)

    def source(self, name: str, columns: Sequence[Column]) -> str:
        cells = ", ".join(f"json_extract(value, '$.{column.key}') AS {column.key}" for column in columns)
        return f"(SELECT {cells} FROM json_each(%s)) AS {name}"

    def among(self, column_type: str) -> str:
        return "IN (SELECT value FROM json_each(%s))"
