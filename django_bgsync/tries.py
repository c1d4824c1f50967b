"""One try: who makes it, and what it does to an item's row."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from django_bgsync.enums import Hand, ItemState, Outcome
from django_bgsync.handlers import Handler, registry
from django_bgsync.identity import uuid7
from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem
from django_bgsync.moulds import Mould
from django_bgsync.verdicts import Verdict

RECHECK_HELD = timedelta(minutes=1)
HOST = socket.gethostname()[:80]
_ATTEMPTS = Mould.of(DeliveryAttempt())


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """Who picks items up, because of which delivery (None, or one that a pure replay never stored), until when, and
    with which handlers.
    """

    hand: Hand
    delivery: Delivery | None = None
    deadline: float | None = None
    """By `time.monotonic()`: no handler is started after it."""
    handlers: Mapping[str, Handler] = field(default_factory=lambda: registry)
    user: Any = None
    """Of the session, if there is one: need not be looked up."""

    @property
    def delivery_id(self) -> UUID | None:
        return self.delivery.id if self.delivery and not self.delivery._state.adding else None

    @property
    def trigger(self) -> str:
        return self.delivery.trigger if self.delivery else ""

    @property
    def worker(self) -> str:
        # Asked each time: the workers of a cluster are forks of a process that has this module loaded.
        return f"{HOST}:{os.getpid()}"

    @property
    def is_over(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


def hold(row: SyncItem) -> None:
    """Behind an unfinished item: the claim does not count, and nothing is tried."""
    row.state = ItemState.HELD
    row.attempts -= 1
    row.claimed_at = None
    row.next_at = timezone.now() + RECHECK_HELD


def settle(
    row: SyncItem, verdict: Verdict, by: Try, now: datetime, *, started_at: datetime | None, duration: float | None
) -> DeliveryAttempt:
    """Write the outcome of a try, which ended `now`, into the row, and make the attempt that tells of it."""
    row.state = verdict.state
    row.code = verdict.code
    row.result = verdict.result
    row.problem = verdict.problem
    row.next_at = verdict.next_at
    row.failures += verdict.failures
    row.lost += verdict.lost
    row.claimed_at = None
    row.finished_at = now if row.is_finished else None
    return _ATTEMPTS.cast(
        id=uuid7(),
        item_id=row.id,
        tag_id=row.tag_id,
        client_id=row.client_id,
        delivery_id=by.delivery_id,
        number=row.attempts,
        hand=by.hand,
        trigger=by.trigger,
        outcome=verdict.outcome,
        code=verdict.code,
        started_at=started_at,
        duration_ms=None if duration is None else round(duration * 1000),
        worker="" if verdict.outcome == Outcome.LOST else by.worker,
        error=verdict.error,
        traceback=verdict.traceback,
    )
