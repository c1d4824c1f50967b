"""Reading, locking and writing many rows with Django's ORM: the form that works on every database."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DatabaseError, connections, models

M = TypeVar("M", bound=models.Model)
Marks = Mapping[UUID, tuple[Any, ...]]
"""By primary key the values of some columns."""


class Portable(Generic[M]):
    """What the engine does with the rows of `model` in one database. What writes or locks wants them sorted by key."""

    receives_at_once = False
    """Whether `receive` is one statement."""
    locks_and_more = False
    """Whether `lock` can send another statement along."""

    def __init__(self, alias: str, model: type[M]) -> None:
        self.alias = alias
        self.model = model

    def find(self, keys: Sequence[Any], names: Sequence[str]) -> list[tuple[Any, ...]]:
        """These columns of the rows with these primary keys, as far as there are such rows, in any order."""
        return list(self._rows().filter(pk__in=keys).values_list(*names))

    def receive(self, receipts: Sequence[M], delivery: models.Model) -> set[UUID]:
        """Insert receipts, without those whose key exists, and if one is left their delivery. Returns the new keys."""
        rows = self._rows()
        rows.bulk_create(receipts, ignore_conflicts=True)
        fresh = set(rows.filter(pk__in=_keys(receipts), delivery=delivery).values_list("pk", flat=True))
        if fresh:
            delivery.save(using=self.alias, force_insert=True)
        return fresh

    def lock(self, marks: Marks, names: Sequence[str], more: str = "") -> Collection[UUID]:
        """Lock rows until the transaction ends, waiting for those who hold them. Returns the keys of those of which
        these attributes still are what the marks say.
        """
        rows = self._rows().select_for_update().filter(pk__in=marks)
        return unchanged(rows.order_by("pk").values_list("pk", *names), marks)

    def write_back(self, rows: Sequence[M], names: Sequence[str], attempts: Sequence[models.Model]) -> None:
        """Write these attributes of locked rows, and insert the attempts that led to them.

        An upsert, though every row exists: `bulk_update` builds a CASE for each column, which is four times slower.
        """
        targeted = connections[self.alias].features.supports_update_conflicts_with_target
        self._rows().bulk_create(
            rows, update_conflicts=True, update_fields=names, unique_fields=["id"] if targeted else None
        )
        for kind in {type(attempt) for attempt in attempts}:
            kind._default_manager.using(self.alias).bulk_create(attempts)

    def count(self, keys: Sequence[Any], name: str, stamp: str, *, now: datetime, before: datetime) -> None:
        """Add one to this column of rows that were not stamped after `before`, and stamp them."""
        due = models.Q((stamp, None), (f"{stamp}__lte", before), _connector=models.Q.OR)
        self._rows().filter(due, pk__in=keys).update(**{name: models.F(name) + 1, stamp: now})

    def _rows(self) -> models.QuerySet[M]:
        return self.model._default_manager.using(self.alias)


def unchanged(found: Iterable[Sequence[Any]], marks: Marks) -> set[UUID]:
    """The keys of the rows, each a key and then its values, that still are what the marks say."""
    return {pk for pk, *values in found if tuple(values) == marks[pk]}


def vanished() -> DatabaseError:
    return DatabaseError("Rows vanished while they were locked.")


def _keys(rows: Sequence[models.Model]) -> list[Any]:
    return [row.pk for row in rows]
