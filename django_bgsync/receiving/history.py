"""How an owner's items stand: reading only."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.utils import timezone

from django_bgsync import database
from django_bgsync.applying import results
from django_bgsync.exceptions import InvalidEnvelope
from django_bgsync.identity import item_key
from django_bgsync.models import SyncItem, SyncTag
from django_bgsync.owners import Owner
from django_bgsync.protocol import Result
from django_bgsync.rows import ledger

PAGE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some results, and the cursor of the page after it (None on the last)."""

    results: list[Result]
    next: str | None


def of_ids(owner: Owner, ids: Sequence[UUID]) -> list[Result]:
    """The owner's items with these ids, in this order, unknown ones left out."""
    keys = {item_id: item_key(owner.reference, item_id) for item_id in ids}
    rows = ledger.items().in_bulk(keys.values())
    now, paused = timezone.now(), SyncTag.objects.using(database.alias()).paused()
    return [
        results.of_row(row, paused, now, replayed=True)
        for item_id, key in keys.items()
        if (row := rows.get(key)) is not None and (row.item_id, row.owner) == (item_id, owner.reference)
    ]


def not_applied(owner: Owner, cursor: str = "") -> Page:
    """The owner's items that are not applied, newest first. Raises InvalidEnvelope for a cursor that is not one of
    ours.
    """
    rows = ledger.items().of_owner(owner.reference).not_applied()
    if cursor:
        rows = rows.before(*_read_cursor(cursor))
    found = list(rows.order_by("-received_at", "-pk")[: PAGE + 1])
    page, has_more = found[:PAGE], len(found) > PAGE
    now, paused = timezone.now(), SyncTag.objects.using(database.alias()).paused()
    return Page(
        results=[results.of_row(row, paused, now, replayed=True) for row in page],
        next=_write_cursor(page[-1]) if has_more else None,
    )


def _write_cursor(row: SyncItem) -> str:
    return urlsafe_b64encode(f"{row.received_at.isoformat()} {row.pk}".encode()).decode()


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    try:
        received_at, pk = urlsafe_b64decode(cursor).decode().split(" ")
        instant = datetime.fromisoformat(received_at)
        if instant.tzinfo is None:
            raise ValueError
        return instant.astimezone(UTC), UUID(pk)
    except (ValueError, OverflowError):
        raise InvalidEnvelope("This cursor is not one of ours.") from None
