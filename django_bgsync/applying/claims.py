"""Claims: the marks that say whose an item is to try, each committed before its try begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from django_bgsync import database
from django_bgsync.applying.announcements import announce
from django_bgsync.applying.tries import Try, settle
from django_bgsync.applying.verdicts import lost
from django_bgsync.enums import CLIENT_HANDS, Hand, Mode
from django_bgsync.handlers import Handler
from django_bgsync.models import Delivery, SyncItem, SyncTag
from django_bgsync.rows import ledger
from django_bgsync.runners import calls

FRESH_CLAIM = timedelta(seconds=5)
"""So long a claim counts as being worked on even if its row is not locked (yet)."""
MARK = ("state", "attempts", "claimed_at")


class Claim(NamedTuple):
    """An item that is this process's to try, with the mark that says so in the committed row."""

    row: SyncItem
    handler: Handler
    mark: tuple[str, int, datetime | None]

    @classmethod
    def on(cls, row: SyncItem, handler: Handler) -> Claim:
        return cls(row, handler, mark_of(row))


def mark_of(row: SyncItem) -> tuple[str, int, datetime | None]:
    return (row.state, row.attempts, row.claimed_at)


@database.persistent
def take(pks: Iterable[UUID], by: Try, *, alone: bool = False) -> tuple[list[Claim], list[UUID]]:
    """Claim the due items among these, in a commit of its own. Returns the claims, and the keys of the suspects.

    A claim older than `FRESH_CLAIM` whose row nobody locks belongs to a process that is gone: that try is written down
    as lost. Items with a lost try are suspects: they are claimed one at a time (`alone`) just before they are tried,
    so that an item that kills its process takes no other with it.
    """
    paused = SyncTag.objects.using(database.alias()).paused()
    with database.atomic():
        now = timezone.now()
        # What somebody is at is not even locked here: that would keep it from the one who is.
        unclaimed = ledger.items().unclaimed(now - FRESH_CLAIM).locked(pks)
        due = [row for row in unclaimed if _is_free(row, by, paused, now)]
        rows = [row for row in due if not _is_for_workers(row, by)]
        if len(rows) < len(due):
            calls.call()
        lost_rows = [row for row in rows if row.claimed_at is not None]
        _write_lost(lost_rows, by.handlers, now)
        rows = [row for row in rows if not row.is_finished]
        takable = [row for row in rows if alone or not row.lost]
        ledger.items().filter(pk__in=[row.pk for row in takable]).claim(now, by.hand)
    for row in takable:
        row.attempts += 1
        row.claimed_at = now
    announce(lost_rows)
    claims = [Claim.on(row, by.handlers[row.tag_id]) for row in takable]
    return claims, [row.pk for row in rows if row.lost and not alone]


def lock(claims: list[Claim], parts: database.Parts | None = None) -> list[Claim]:
    """Lock the rows until the transaction ends. Returns the claims that still stand.

    Waits for those who lock them for a moment, and skips nobody: a duplicate that is being received keeps the rows
    that it finds on MariaDB locked until its commit, and a claim that is skipped is taken for lost after a while.
    """
    standing = ledger.lock({claim.row.id: claim.mark for claim in claims}, MARK, parts)
    return [claim for claim in claims if claim.row.id in standing]


def renew(claims: list[Claim]) -> list[Claim]:
    """Fresh marks for those that wait their turn, so that nobody takes them for lost. Who has been taken for lost all
    the same keeps the mark of his new owner, and `lock` will tell.
    """
    now = timezone.now()
    for claimed_at, group in groupby(claims, key=lambda claim: claim.mark[2]):
        pks = [claim.row.pk for claim in group]
        ledger.items().filter(pk__in=pks, claimed_at=claimed_at).update(claimed_at=now)
    for claim in claims:
        claim.row.claimed_at = now
    return [Claim.on(claim.row, claim.handler) for claim in claims]


def give_back(claims: list[Claim]) -> None:
    """The time is over: these count as not tried, and are due at once."""
    for claimed_at, group in groupby(claims, key=lambda claim: claim.mark[2]):
        pks = [claim.row.pk for claim in group]
        ledger.items().unfinished().filter(pk__in=pks, claimed_at=claimed_at).give_back()


def _is_free(row: SyncItem, by: Try, paused: set[str], now: datetime) -> bool:
    handler = by.handlers.get(row.tag_id)
    if handler is None or row.tag_id in paused or row.is_finished or row.next_at is None or row.next_at > now:
        return False
    return row.claimed_at is None or now - row.claimed_at >= FRESH_CLAIM


def _is_for_workers(row: SyncItem, by: Try) -> bool:
    return by.handlers[row.tag_id].mode == Mode.BACKGROUND and by.hand in CLIENT_HANDS


def _write_lost(rows: list[SyncItem], handlers: Mapping[str, Handler], now: datetime) -> None:
    """Write down the tries of processes that are gone, under the hands that made them."""
    if not rows:
        return
    deliveries = Delivery.objects.in_bulk([row.delivery_id for row in rows if row.claimed_by == Hand.RECEIPT])
    attempts = []
    for row in rows:
        delivery = deliveries.get(row.delivery_id) if row.claimed_by == Hand.RECEIPT else None
        gone = Try(hand=Hand(row.claimed_by), delivery=delivery)
        verdict = lost(row, handlers[row.tag_id], now)
        attempts.append(settle(row, verdict, gone, now, started_at=row.claimed_at, duration=None))
    ledger.write_back(rows, attempts)
