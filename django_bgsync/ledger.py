"""The rows of the engine: reading them where they are written, and writing many at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DatabaseError

from django_bgsync import database, recordset
from django_bgsync.models import DeliveryAttempt, SyncItem
from django_bgsync.querysets import ItemQuerySet

OUTCOME_FIELDS = (
    "state",
    "code",
    "result",
    "problem",
    "attempts",
    "failures",
    "lost",
    "claimed_at",
    "next_at",
    "finished_at",
)
"""What a try can change about an item."""


def items() -> ItemQuerySet:
    """All items, read from the database that is written: a replica may not know yet what was just committed."""
    return SyncItem.objects.using(database.alias())


def insert(receipts: Sequence[SyncItem]) -> None:
    """Insert receipts, leaving out those whose primary key exists.

    In the order of the primary key: six writers with the same ids in shuffled orders deadlocked, sorted ones never.
    """
    rows = sorted(receipts, key=lambda row: row.pk)
    if dialect := recordset.dialect_of(database.connection()):
        dialect.insert(rows, ignore_conflicts=True)
    else:
        items().bulk_create(rows, ignore_conflicts=True)


def write_back(rows: Sequence[SyncItem], attempts: Sequence[DeliveryAttempt]) -> None:
    """The outcomes of locked rows, and the attempts that led to them."""
    if not rows:
        return
    if dialect := recordset.dialect_of(database.connection()):
        if dialect.update(rows, OUTCOME_FIELDS) != len(rows):
            raise DatabaseError("Rows vanished while they were locked.")
        if attempts:
            dialect.insert(attempts)
    else:
        _upsert(rows)
        DeliveryAttempt.objects.using(database.alias()).bulk_create(attempts)


def _upsert(rows: Sequence[SyncItem]) -> None:
    """An upsert, though every row exists: `bulk_update` builds a CASE for each column, which is four times slower."""
    targeted = database.connection().features.supports_update_conflicts_with_target
    items().bulk_create(
        sorted(rows, key=lambda row: row.pk),
        update_conflicts=True,
        update_fields=OUTCOME_FIELDS,
        unique_fields=["id"] if targeted else None,
    )
