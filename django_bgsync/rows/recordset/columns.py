"""Fields of models as columns: their names in SQL, and how their values are written in JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any

from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

Writer = Callable[[Any], Any]
_AS_THEY_ARE = {"CharField", "TextField", "BooleanField", "PositiveIntegerField", "PositiveSmallIntegerField"}
_AS_THEY_ARE |= {"IntegerField", "BigIntegerField", "AutoField", "BigAutoField"}
_hex = attrgetter("hex")


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One field as SQL."""

    name: str
    """Quoted."""
    key: str
    """In JSON objects, and of the columns of what is unfolded: short, for it is repeated in each row."""
    type: str
    write: Writer | None
    """How a value is written in JSON; None: as it is."""
    expression: Any
    """As Django's compiler would select it."""
    is_key: bool

    def written(self, cells: Sequence[Any]) -> Sequence[Any]:
        write = self.write
        return cells if write is None else [None if cell is None else write(cell) for cell in cells]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Some columns of a model's table."""

    name: str
    """Quoted."""
    columns: list[Column]
    record: Callable[[Any], tuple[Any, ...]]
    """Takes the columns' values out of an instance's attributes."""

    @property
    def names(self) -> str:
        return ", ".join(column.name for column in self.columns)

    def converted(self, rows: list[tuple[Any, ...]], connection: BaseDatabaseWrapper) -> list[tuple[Any, ...]]:
        """Rows of the database with Python's values."""
        found: list[Any] = rows
        for place, column in enumerate(self.columns):
            expression = column.expression
            of_backend = connection.ops.get_db_converters(expression)
            for convert in [*of_backend, *expression.output_field.get_db_converters(connection)]:
                found = found if found and isinstance(found[0], list) else [list(row) for row in rows]
                for row in found:
                    row[place] = convert(row[place], expression, connection)
        return found


@lru_cache(maxsize=64)
def table_of(alias: str, model: type[models.Model], names: tuple[str, ...] = ()) -> Table:
    """These columns of a model; all, if none is named."""
    quote = connections[alias].ops.quote_name
    meta = model._meta
    fields: list[Any] = [meta.pk if name == "pk" else meta.get_field(name) for name in names] or list(
        meta.concrete_fields
    )
    columns = [
        Column(
            name=quote(field.column),
            key=f"c{place}",
            type=field.db_type(connections[alias]),
            write=_writer(alias, field),
            expression=field.get_col(meta.db_table),
            is_key=field.primary_key,
        )
        for place, field in enumerate(fields)
    ]
    take = itemgetter(*(field.attname for field in fields))
    return Table(quote(meta.db_table), columns, take if len(columns) > 1 else lambda record: (take(record),))


def _writer(alias: str, field: Any) -> Writer | None:
    kind = (field.target_field if field.is_relation else field).get_internal_type()
    if kind == "UUIDField":
        return _hex
    if kind in _AS_THEY_ARE:
        return None
    if kind == "DateTimeField":
        return lambda value: str(connections[alias].ops.adapt_datetimefield_value(value))

    def written(value: Any) -> Any:  # a user's primary key may be anything
        value = field.get_db_prep_save(value, connections[alias])
        return value if isinstance(value, int | str) else str(value)

    return written
