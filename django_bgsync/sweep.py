"""Doing everything that is due: what workers are started for, and what the sweeper does from time to time.

Any number of these may run at once, beside deliveries: an item is claimed before it is tried.
"""

from __future__ import annotations

import logging
import time
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from django_bgsync import backlog, files, heartbeats
from django_bgsync.enums import Hand
from django_bgsync.processing import bring_forward
from django_bgsync.runners import calls
from django_bgsync.tries import Try

BATCH = 100
WORK_SECONDS = 20.0
"""So long a worker keeps starting handlers before it lets other tasks have their turn."""

logger = logging.getLogger("django_bgsync")


def sweep(seconds: float | None = None) -> int:
    """One pass of the sweeper: what was received, waits or is held, as far as it is due, and what dead processes left,
    be it claims or files.

    Needs no worker and no queue. Returns how many items changed. Starts no handler after so many seconds.
    """
    files.sweep_orphans(timezone.now())
    return drain(_try(Hand.SWEEPER, seconds))


def work(seconds: float = WORK_SECONDS) -> int:
    """One pass of a worker that was called. Returns how many items changed."""
    calls.answered()
    return drain(_try(Hand.WORKER, seconds))


def drain(by: Try) -> int:
    """Try each item that is due, once, and see to it that somebody comes for those that are due soon."""
    changed = 0
    heartbeats.beat(by.hand)
    for pks in backlog.due_batches(BATCH):
        if len(pks) == BATCH:
            calls.call()  # there is more than one hand can do soon; the next one says so again
        changed += _bring_forward(pks, by)
        heartbeats.beat(by.hand)
        if by.is_over:
            calls.call()
            return changed
    if (soon := backlog.next_retry()) is not None:
        calls.call_at(soon)
    return changed


def _bring_forward(pks: list[UUID], by: Try) -> int:
    """How many changed. An item on which even the engine fails keeps no other from being tried."""
    try:
        return len(bring_forward(pks, by))
    except (OperationalError, InterfaceError):
        raise  # the database, not an item
    except Exception:
        if len(pks) == 1:
            logger.exception("Item %s cannot be worked on.", pks[0])
            return 0
    return sum(_bring_forward([pk], by) for pk in pks)


def _try(hand: Hand, seconds: float | None) -> Try:
    return Try(hand=hand, deadline=None if seconds is None else time.monotonic() + seconds)
