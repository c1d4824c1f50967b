"""What waits on the server: reading only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min
from django.utils import timezone

from django_bgsync import database, ledger
from django_bgsync.claims import FRESH_CLAIM
from django_bgsync.enums import ItemState
from django_bgsync.handlers import registry
from django_bgsync.models import SyncTag
from django_bgsync.querysets import ItemQuerySet


@dataclass(frozen=True, kw_only=True, slots=True)
class Pile:
    """The unfinished items of one tag in one state."""

    tag: str
    state: str
    items: int
    oldest: datetime
    """When the first of them was received."""


def workable() -> ItemQuerySet:
    """Items that somebody may try. Those of paused tags, and of tags without a handler, stand in nobody's way."""
    paused = SyncTag.objects.using(database.alias()).paused()
    return ledger.items().filter(tag__in=registry.keys() - paused)


def due_batches(size: int) -> Iterator[list[UUID]]:
    """The keys of everything that is due now and that nobody is at, longest due first.

    Each is given out once: what is still due after its try, or due again, is for the next pass, so this one ends.
    """
    until = timezone.now()
    last: tuple[Any, UUID] | None = None
    while True:
        rows = workable().due(until).unclaimed(timezone.now() - FRESH_CLAIM)
        if last is not None:
            rows = rows.after_due(*last)
        found = list(rows.values_list("next_at", "pk")[:size])
        if found:
            yield [pk for _next_at, pk in found]
        if len(found) < size:
            return
        last = found[-1]


def oldest_due(untouched: timedelta) -> datetime | None:
    """Since when the first item has been due at which nobody has been for so long; None if there is none."""
    now = timezone.now()
    rows = workable().due(now).unclaimed(now - untouched)
    return rows.values_list("next_at", flat=True).first()


def next_retry() -> datetime | None:
    """When the first of the items that wait for another try is due."""
    rows = workable().filter(state=ItemState.WAITING, next_at__gt=timezone.now()).order_by("next_at")
    return rows.values_list("next_at", flat=True).first()


def piles() -> list[Pile]:
    """The unfinished items, counted by tag and state."""
    # Unfinished items are those at which somebody must look again; that is the condition with an index.
    rows = ledger.items().filter(next_at__isnull=False).values("tag_id", "state").order_by("tag_id", "state")
    counted = rows.annotate(items=Count("pk"), oldest=Min("received_at"))
    return [Pile(tag=row["tag_id"], state=row["state"], items=row["items"], oldest=row["oldest"]) for row in counted]
