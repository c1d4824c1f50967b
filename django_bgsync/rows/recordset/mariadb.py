"""MariaDB's form: `JSON_TABLE`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import models

from django_bgsync.rows.portable import Portable
from django_bgsync.rows.recordset.columns import Column, Table
from django_bgsync.rows.recordset.forms import Cells, Recordset, Shape, Unfolded, assignments, of_shape, records

M = TypeVar("M", bound=models.Model)


class MariaDB(Recordset[M]):
    """A statement for each table. Rows are found, locked and counted as Django does it."""

    def find(self, keys: Sequence[Any], names: Sequence[str]) -> list[tuple[Any, ...]]:
        return Portable.find(self, keys, names)

    def count(self, keys: Sequence[Any], name: str, stamp: str, *, now: datetime, before: datetime) -> None:
        Portable.count(self, keys, name, stamp, now=now, before=before)

    def among(self, column_type: str) -> str:
        raise NotImplementedError

    def insert_text(self, table: Table, record: Unfolded, *, ignoring: bool) -> str:
        insert, ending = ("INSERT IGNORE", " RETURNING id") if ignoring else ("INSERT", "")
        values = f"SELECT {', '.join(record.values)} FROM {record.source}"
        return f"{insert} INTO {table.name} ({table.names}) {values}{ending}"

    def update_text(self, table: Table, record: Unfolded) -> str:
        *changes, key = assignments(table, record)
        return f"UPDATE {record.source} STRAIGHT_JOIN {table.name} ON {key} SET {', '.join(changes)}"

    def unfolded(self, table: Table, shape: Shape) -> Unfolded:
        """What is common comes from JSON, too: it is the only row of `c`."""
        names = ["r" if differs else "c" for differs in shape]
        values = [f"{name}.{column.key}" for name, column in zip(names, table.columns, strict=True)]
        sources = [self.source(name, of_shape(table, shape, name == "r")) for name in sorted(set(names), reverse=True)]
        return Unfolded(values, " CROSS JOIN ".join(sources))

    def parameters(self, differing: Cells, common: Cells) -> list[Any]:
        return [records(cells) for cells in (differing, common) if cells]

    def source(self, name: str, columns: Sequence[Column]) -> str:
        # No uuid comes out of JSON_TABLE, but each column takes its value from text.
        types = ["char(32)" if column.type == "uuid" else column.type for column in columns]
        cells = ", ".join(
            f"{column.key} {kind} PATH '$.{column.key}'" for column, kind in zip(columns, types, strict=True)
        )
        return f"JSON_TABLE(%s, '$[*]' COLUMNS({cells})) AS {name}"
