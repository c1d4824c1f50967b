"""Reading, locking and writing many rows with Django's ORM: the form that works on every database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DatabaseError, connections, models

M = TypeVar("M", bound=models.Model)
Marks = dict[UUID, list[Any]]


class Portable(Generic[M]):
    """What the engine does with the rows of items (`model`) in one database. Every method wants them sorted by key."""

    receives_at_once = False
    """Whether `receive` is one statement."""

    def __init__(self, alias: str, model: type[M]) -> None:
        self.alias = alias
        self.model = model

    def receive(self, receipts: Sequence[M], delivery: models.Model) -> set[UUID]:
        """Insert receipts, without those whose key exists, and if one is left their delivery. Returns the new keys."""
        rows = self.model._default_manager.using(self.alias)
        rows.bulk_create(receipts, ignore_conflicts=True)
        fresh = set(rows.filter(pk__in=_keys(receipts), delivery=delivery).values_list("pk", flat=True))
        if fresh:
            delivery.save(using=self.alias, force_insert=True)
        return fresh

    def lock(self, pks: Sequence[UUID], names: Sequence[str]) -> Marks:
        """Lock rows until the transaction ends, waiting for those who hold them. Returns these attributes of each.

        SQLite has no row locks: there the caller must look at the state again, which it does anyway.
        """
        rows = self.model._default_manager.using(self.alias).select_for_update()
        return {pk: mark for pk, *mark in rows.filter(pk__in=pks).order_by("pk").values_list("pk", *names)}

    def write_back(self, rows: Sequence[M], names: Sequence[str], attempts: Sequence[models.Model]) -> None:
        """Write these attributes of locked rows, and insert the attempts that led to them.

        An upsert, though every row exists: `bulk_update` builds a CASE for each column, which is four times slower.
        """
        targeted = connections[self.alias].features.supports_update_conflicts_with_target
        self.model._default_manager.using(self.alias).bulk_create(
            rows, update_conflicts=True, update_fields=names, unique_fields=["id"] if targeted else None
        )
        for kind in {type(attempt) for attempt in attempts}:
            kind._default_manager.using(self.alias).bulk_create(attempts)


def vanished() -> DatabaseError:
    return DatabaseError("Rows vanished while they were locked.")


def _keys(rows: Sequence[models.Model]) -> list[Any]:
    return [row.pk for row in rows]
