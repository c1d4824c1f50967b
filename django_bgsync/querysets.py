"""The vocabulary of queries: what the rest of the package asks the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connections, models
from django.db.models import F, Q

from django_bgsync.enums import Code, Hand, ItemState, TagState

if TYPE_CHECKING:
    from django_bgsync.models import SyncItem, SyncTag  # noqa: F401 - named in the base classes


class TagQuerySet(models.QuerySet["SyncTag"]):
    def states(self, names: Collection[str]) -> dict[str, TagState]:
        """The state of each tag; the rows that are missing are made."""
        if not names:
            return {}
        # By hand: this is asked in every delivery, and Django builds a statement three times as long as it runs.
        meta, quote = self.model._meta, connections[self.db].ops.quote_name
        with connections[self.db].cursor() as cursor:
            cursor.execute(
                f"SELECT name, state FROM {quote(meta.db_table)} "  # noqa: S608 - our own table
                f"WHERE name IN ({', '.join(['%s'] * len(names))})",
                list(names),
            )
            known = dict(cursor.fetchall())
        missing = [self.model(name=name) for name in sorted(names) if name not in known]
        self.bulk_create(missing, ignore_conflicts=True)
        return {name: TagState(known.get(name, TagState.OPEN)) for name in names}

    def paused(self) -> set[str]:
        return set(self.filter(state=TagState.PAUSED).values_list("pk", flat=True))


class ItemQuerySet(models.QuerySet["SyncItem"]):
    def of_owner(self, owner: str) -> ItemQuerySet:
        return self.filter(owner=owner)

    def unfinished(self) -> ItemQuerySet:
        return self.filter(state__in=ItemState.unfinished())

    def not_applied(self) -> ItemQuerySet:
        return self.exclude(state=ItemState.APPLIED)

    def blocking(self) -> ItemQuerySet:
        """Those that no later item of their lane may overtake: unfinished ones, and dead ones until somebody acts."""
        return self.filter(Q(state__in=ItemState.unfinished()) | Q(state=ItemState.REJECTED, code=Code.DEAD))

    def due(self, now: datetime) -> ItemQuerySet:
        """What somebody should look at, longest due first."""
        return self.filter(next_at__lte=now).order_by("next_at", "pk")

    def after_due(self, next_at: datetime, pk: UUID) -> ItemQuerySet:
        """The rows that follow (next_at, pk) in that order."""
        # The first condition says nothing new, but it is the one that finds its place in the index.
        return self.filter(next_at__gte=next_at).exclude(next_at=next_at, pk__lte=pk)

    def unclaimed(self, since: datetime) -> ItemQuerySet:
        """Those that nobody has claimed since then."""
        return self.filter(Q(claimed_at=None) | Q(claimed_at__lte=since))

    def before(self, received_at: datetime, pk: UUID) -> ItemQuerySet:
        """The rows that follow (received_at, pk) in a newest-first list: keyset paging."""
        return self.filter(Q(received_at__lt=received_at) | Q(received_at=received_at, pk__lt=pk))

    def locked(self, pks: Iterable[UUID]) -> ItemQuerySet:
        """These rows, in the order of their keys, locked until the transaction ends, without those that others hold.

        SQLite has no row locks: there the caller must look at the state again, which it does anyway.
        """
        skip = connections[self.db].features.has_select_for_update_skip_locked
        return self.select_for_update(skip_locked=skip).filter(pk__in=list(pks)).order_by("pk")

    def claim(self, now: datetime, hand: Hand) -> int:
        return self.update(attempts=F("attempts") + 1, claimed_at=now, claimed_by=hand)

    def give_back(self) -> int:
        """Undo claims of which nothing came: they do not count as tries."""
        return self.update(attempts=F("attempts") - 1, claimed_at=None)
