"""The vocabulary of queries: what the rest of the package asks the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connections, models
from django.db.models import F, Q

from django_bgsync.enums import ItemState

if TYPE_CHECKING:
    from django_bgsync.models import SyncItem, SyncTag  # noqa: F401 - the second in a base class only


class TagQuerySet(models.QuerySet["SyncTag"]):
    def ensure(self, names: Collection[str]) -> None:
        """Make the rows that are missing."""
        known = set(self.filter(pk__in=names).values_list("pk", flat=True))
        missing = [self.model(name=name) for name in sorted(names) if name not in known]
        self.bulk_create(missing, ignore_conflicts=True)


class ItemQuerySet(models.QuerySet["SyncItem"]):
    def of_owner(self, owner: str) -> ItemQuerySet:
        return self.filter(owner=owner)

    def unfinished(self) -> ItemQuerySet:
        return self.filter(state__in=ItemState.unfinished())

    def not_applied(self) -> ItemQuerySet:
        return self.exclude(state=ItemState.APPLIED)

    def before(self, received_at: datetime, pk: UUID) -> ItemQuerySet:
        """The rows that follow (received_at, pk) in a newest-first list: keyset paging."""
        return self.filter(Q(received_at__lt=received_at) | Q(received_at=received_at, pk__lt=pk))

    def receive(self, rows: Collection[SyncItem]) -> None:
        """Insert receipts, leaving out those whose primary key exists.

        In the order of the primary key: six writers with the same ids in shuffled orders deadlocked, sorted ones never.
        """
        self.bulk_create(sorted(rows, key=lambda row: row.pk), ignore_conflicts=True)

    def lock(self, pk: UUID) -> SyncItem | None:
        """The row, locked until the end of the transaction; None if somebody else holds it.

        SQLite has no row locks: there the caller must look at the state again, which it does anyway.
        """
        skip = connections[self.db].features.has_select_for_update_skip_locked
        return self.select_for_update(skip_locked=skip).filter(pk=pk).first()

    def claim(self, row: SyncItem, now: datetime) -> bool:
        """Take an item for one try: compare-and-set on the claim that was read. Returns whether it worked."""
        same = self.unfinished().filter(pk=row.pk, attempts=row.attempts, claimed_at=row.claimed_at)
        return same.update(attempts=F("attempts") + 1, claimed_at=now) == 1
