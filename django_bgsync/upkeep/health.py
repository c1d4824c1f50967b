"""Whether what is due gets done."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from django_bgsync.enums import Hand
from django_bgsync.upkeep import backlog, heartbeats

OVERDUE = timedelta(minutes=5)
"""The sweeper runs every minute. What has been due for so long is not only waiting its turn."""
SILENCE = timedelta(minutes=10)
"""So long after its last pass, a sweeper that there was is gone."""
KEPT_SECONDS = 5
KEY = "django_bgsync.health"

logger = logging.getLogger("django_bgsync")


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """What was seen at one look. Times are UTC; None: never, or nothing."""

    status: str
    """`ok`, or `stalled` if somebody has to do something."""
    oldest_due_at: datetime | None = None
    """Since when the first item has been due that nobody has in hand."""
    last_sweep_at: datetime | None = None
    last_worker_at: datetime | None = None


STALLED = Health(status="stalled")


def look() -> Health:
    """How things stand, at most five seconds ago. Never raises: a database that is down is `stalled`."""
    try:
        if (known := cache.get(KEY)) is not None:
            return Health(**known)
    except Exception:
        logger.warning("The cache cannot be asked for the health.", exc_info=True)
    seen = _look()
    try:
        cache.set(KEY, {name: getattr(seen, name) for name in Health.__slots__}, KEPT_SECONDS)
    except Exception:
        logger.warning("The health cannot be cached.", exc_info=True)
    return seen


def _look() -> Health:
    now = timezone.now()
    try:
        oldest = backlog.oldest_due(OVERDUE)
        sweep, worker = heartbeats.last(Hand.SWEEPER), heartbeats.last(Hand.WORKER)
    except Exception:
        logger.exception("The health cannot be looked at.")
        return STALLED
    is_silent = sweep is not None and now - sweep > SILENCE
    is_overdue = oldest is not None and now - oldest > OVERDUE
    status = "stalled" if is_overdue or is_silent else "ok"
    return Health(status=status, oldest_due_at=oldest, last_sweep_at=sweep, last_worker_at=worker)
