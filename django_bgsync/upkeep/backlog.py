"""What waits on the server: reading only."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Min, OuterRef, Subquery
from django.utils import timezone

from django_bgsync import database
from django_bgsync.applying.claims import FRESH_CLAIM
from django_bgsync.enums import ItemState, TagState
from django_bgsync.handlers import registry
from django_bgsync.models import SyncTag
from django_bgsync.querysets import ItemQuerySet, TagQuerySet
from django_bgsync.rows import ledger


@dataclass(frozen=True, kw_only=True, slots=True)
class Pile:
    """The unfinished items of one tag in one state."""

    tag: str
    state: str
    items: int
    oldest: datetime
    """When the first of them was received."""


def due_batches(size: int) -> Iterator[list[UUID]]:
    """The keys of everything that is due now and that nobody is at, longest due first.

    Each is given out once: what is still due after its try, or due again, is for the next pass, so this one ends.
    """
    until = timezone.now()
    due = heapq.merge(*(_due(tag, until, size) for tag in _with_due_items(until)))
    while pks := [pk for _next_at, pk in islice(due, size)]:
        yield pks


def oldest_due(untouched: timedelta) -> datetime | None:
    """Since when the first item has been due at which nobody has been for so long; None if there is none."""
    now = timezone.now()
    return _first(ledger.items().due(now).unclaimed(now - untouched))


def next_retry() -> datetime | None:
    """When the first of the items that wait for another try is due."""
    return _first(ledger.items().filter(state=ItemState.WAITING, next_at__gt=timezone.now()).order_by("next_at"))


def piles() -> list[Pile]:
    """The unfinished items, counted by tag and state."""
    # Unfinished items are those at which somebody must look again; that is the condition with an index.
    rows = ledger.items().filter(next_at__isnull=False).values("tag_id", "state").order_by("tag_id", "state")
    counted = rows.annotate(items=Count("pk"), oldest=Min("received_at"))
    return [Pile(tag=row["tag_id"], state=row["state"], items=row["items"], oldest=row["oldest"]) for row in counted]


# Tag by tag: the index has a place for each, so that the items of paused tags, and of tags without a handler, stand in
# nobody's way, however many they are.


def _workable() -> TagQuerySet:
    """The tags whose items somebody may try."""
    tags = SyncTag.objects.using(database.alias()).filter(pk__in=registry.keys())
    return tags.exclude(state=TagState.PAUSED)


def _with_due_items(until: datetime) -> list[str]:
    of_tag = ledger.items().filter(tag=OuterRef("pk"))
    return list(_workable().filter(Exists(of_tag.filter(next_at__lte=until))).values_list("pk", flat=True))


def _due(tag: str, until: datetime, size: int) -> Iterator[tuple[datetime, UUID]]:
    """When each item of a tag became due, and its key. Read page by page: between two of them items are tried."""
    last: tuple[Any, UUID] | None = None
    while True:
        rows = ledger.items().filter(tag=tag).due(until).unclaimed(timezone.now() - FRESH_CLAIM)
        page: list[Any] = list((rows.after_due(*last) if last else rows).values_list("next_at", "pk")[:size])
        yield from page
        if len(page) < size:
            return
        last = page[-1]


def _first(rows: ItemQuerySet) -> datetime | None:
    """The first `next_at` in these ordered rows, as far as somebody may try them."""
    of_tag = rows.filter(tag=OuterRef("pk")).values("next_at")[:1]
    found: datetime | None = _workable().aggregate(first=Min(Subquery(of_tag)))["first"]
    return found
