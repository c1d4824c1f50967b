"""One try: who makes it, and what it does to an item's row."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from django_bgsync.applying.verdicts import Verdict
from django_bgsync.enums import Hand, ItemState, Outcome
from django_bgsync.handlers import Handler, registry
from django_bgsync.identity import uuid7
from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem
from django_bgsync.rows.moulds import Mould

RECHECK_HELD = timedelta(minutes=1)
HOST = socket.gethostname()[:80]
_ATTEMPTS = Mould.of(DeliveryAttempt())


@dataclass(frozen=True, kw_only=True)
class Try:
    """Who picks items up, because of which delivery (None, or one that a pure replay never stored), until when, and
    with which handlers.
    """

    hand: Hand
    delivery: Delivery | None = None
    deadline: float | None = None
    """By `time.monotonic()`: no handler is started after it."""
    handlers: Mapping[str, Handler] = field(default_factory=lambda: registry)
    users: list[Any] = field(default_factory=list)
    """The session's user, who need not be looked up: for the first transaction alone, which may change it."""

    @cached_property
    def attempts(self) -> Mould[DeliveryAttempt]:
        """What its attempts have in common. To be asked for after the delivery was stored, if it ever is."""
        delivery = self.delivery
        return _ATTEMPTS.filled(
            hand=self.hand,
            trigger=delivery.trigger if delivery else "",
            delivery_id=delivery.id if delivery and not delivery._state.adding else None,
            # Asked here: the workers of a cluster are forks of a process that has this module loaded.
            worker=f"{HOST}:{os.getpid()}",
        )

    def take_user(self) -> Any:
        return self.users.pop() if self.users else None

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
    row.exception = verdict.exception
    row.next_at = verdict.next_at
    row.failures += verdict.failures
    row.lost += verdict.lost
    row.claimed_at = None
    row.finished_at = now if row.is_finished else None
    attempt = by.attempts.cast(
        id=uuid7(),
        item_id=row.id,
        tag_id=row.tag_id,
        client_id=row.client_id,
        number=row.attempts,
        outcome=verdict.outcome,
        code=verdict.code,
        started_at=started_at,
        duration_ms=None if duration is None else round(duration * 1000),
        error=verdict.error,
        traceback=verdict.traceback,
    )
    if verdict.outcome == Outcome.LOST:
        attempt.worker = ""
    return attempt
