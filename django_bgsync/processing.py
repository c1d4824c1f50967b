"""Applying items: the only place that runs a handler.

A try has two transactions. The claim (the receipt itself, or `take`) is committed first, so that a process that dies
leaves a trace. Then one transaction holds the handler's writes, the item's new state and the attempt: a database
effect happens exactly once or not at all.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import router, transaction
from django.utils import timezone

from django_bgsync.enums import Hand, Outcome
from django_bgsync.handlers import Handler, registry
from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem
from django_bgsync.verdicts import Verdict, describe, judge, lose, run

FRESH_CLAIM = timedelta(seconds=5)
"""So long a claim counts as being worked on even if its row is not locked (yet)."""
WORKER = f"{socket.gethostname()[:80]}:{os.getpid()}"

logger = logging.getLogger("django_bgsync")


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """Who picks items up, and because of which delivery (which need not be stored: a pure replay writes no row)."""

    hand: Hand
    delivery: Delivery | None = None


def database() -> str:
    """The alias of the database that holds the items. Handlers must write there for the promise to hold."""
    return router.db_for_write(SyncItem)


def bring_forward(row: SyncItem, by: Try) -> SyncItem | None:
    """Try an item again if it is due. Returns the row as it stands then; None while it is in other hands."""
    handler = registry.get(row.tag_id)
    if handler is None or row.is_finished or not is_due(row, timezone.now()):
        return row
    taken = take(row, handler, by)
    if taken is None or taken.is_finished or taken.claimed_at is None:
        return taken
    return apply(taken, handler, by)


def is_due(row: SyncItem, now: datetime) -> bool:
    return row.next_at is not None and row.next_at <= now


def take(row: SyncItem, handler: Handler, by: Try) -> SyncItem | None:
    """Claim an item for one try, in a commit of its own. Returns the claimed row; the row without a claim if there is
    nothing to do (any more); None while it is in other hands.

    A claim that is older than `FRESH_CLAIM` and whose row nobody locks belongs to a process that is gone: that try is
    written down as lost.
    """
    with transaction.atomic(using=database(), durable=True):
        current = SyncItem.objects.lock(row.pk)
        if current is None:
            return None
        now = timezone.now()
        if current.is_finished or not is_due(current, now):
            current.claimed_at = None
            return current
        if current.claimed_at is not None:
            if now - current.claimed_at < FRESH_CLAIM:
                return None
            _settle(current, lose(current, handler, now), by, started_at=current.claimed_at)
            if current.is_finished:
                return current
        current.attempts += 1
        current.claimed_at = now
        current.save(update_fields=["attempts", "claimed_at"])
    return current


def apply(claimed: SyncItem, handler: Handler, by: Try) -> SyncItem | None:
    """Run the handler of a claimed item; commit its writes, the item's new state and the attempt together.

    Returns the settled row; None if the claim was lost to somebody else meanwhile.
    """
    commit = _Commit()
    clock = time.perf_counter()
    try:
        with transaction.atomic(using=database(), durable=True):
            transaction.on_commit(commit.happens, using=database())
            row = SyncItem.objects.lock(claimed.pk)
            if row is None or row.is_finished or not _holds(claimed, row):
                return row if row is not None and row.is_finished else None
            _settle(row, run(handler, row, timezone.now()), by, started_at=claimed.claimed_at, clock=clock)
    except Exception as error:
        if not commit.happened:
            return _record_failure(claimed, handler, by, error, clock)
        _record_callback(claimed, error)
    return row


def _record_failure(claimed: SyncItem, handler: Handler, by: Try, error: Exception, clock: float) -> SyncItem | None:
    """The whole transaction is gone (a deadlock, a constraint checked at commit): write the failure down in another."""
    with transaction.atomic(using=database(), durable=True):
        row = SyncItem.objects.lock(claimed.pk)
        if row is None or not _holds(claimed, row):
            return None
        _settle(row, judge(error, row, handler, timezone.now()), by, started_at=claimed.claimed_at, clock=clock)
    return row


def _record_callback(claimed: SyncItem, error: Exception) -> None:
    """The item is applied; what failed came after the commit: one of the handler's on_commit callbacks."""
    text, traceback = describe(error)
    attempt = DeliveryAttempt.objects.filter(item=claimed.pk, number=claimed.attempts)
    attempt.update(error=text, traceback=traceback)
    logger.error(
        "A callback failed after item %s was committed.",
        claimed.item_id,
        exc_info=error,
        extra={"item": str(claimed.item_id)},
    )


def _holds(claimed: SyncItem, row: SyncItem) -> bool:
    """Whether the claim that was committed is still the one in the row."""
    return (row.attempts, row.claimed_at) == (claimed.attempts, claimed.claimed_at)


def _settle(
    row: SyncItem, verdict: Verdict, by: Try, *, started_at: datetime | None, clock: float | None = None
) -> DeliveryAttempt:
    """Write the outcome of a try: the item's new state, and the attempt."""
    row.state = verdict.state
    row.code = verdict.code
    row.result = verdict.result
    row.problem = verdict.problem
    row.next_at = verdict.next_at
    row.failures += verdict.failures
    row.claimed_at = None
    row.finished_at = timezone.now() if row.is_finished else None
    row.save(update_fields=["state", "code", "result", "problem", "next_at", "failures", "claimed_at", "finished_at"])
    return DeliveryAttempt.objects.create(
        item_id=row.pk,
        tag_id=row.tag_id,
        client_id=row.client_id,
        delivery=by.delivery,
        number=row.attempts,
        hand=by.hand,
        trigger=by.delivery.trigger if by.delivery else "",
        outcome=verdict.outcome,
        code=verdict.code,
        started_at=started_at,
        duration_ms=None if clock is None else round((time.perf_counter() - clock) * 1000),
        worker=WORKER if verdict.outcome != Outcome.LOST else "",
        error=verdict.error,
        traceback=verdict.traceback,
    )


class _Commit:
    """Whether a transaction was committed, known even if one of its on_commit callbacks raises."""

    happened = False

    def happens(self) -> None:
        self.happened = True
