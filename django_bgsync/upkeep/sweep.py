"""Doing everything that is due: what workers are started for, and what the sweeper does from time to time.

Any number of these may run at once, beside deliveries: an item is claimed before it is tried.
"""

from __future__ import annotations

import logging
import time
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from django_bgsync import files
from django_bgsync.applying.processing import bring_forward
from django_bgsync.applying.tries import Try
from django_bgsync.enums import Hand
from django_bgsync.operations import batches
from django_bgsync.runners import calls
from django_bgsync.upkeep import backlog, heartbeats, rollups

BATCH = 100
WORK_SECONDS = 20.0
"""So long a worker keeps starting handlers before it lets other tasks have their turn."""
ACTION_SECONDS = 5.0
"""So long one pass is at what operators have asked for, before it does what is due."""
ROLL_UP_SECONDS = 5.0
"""So long one pass of the sweeper catches up with the hourly figures."""

logger = logging.getLogger("django_bgsync")


def sweep(seconds: float | None = None) -> int:
    """One pass of the sweeper: what was received, waits or is held, as far as it is due, and what dead processes left,
    be it claims or files.

    Needs no worker and no queue. Returns how many items changed. Starts no handler after so many seconds.
    """
    files.sweep_orphans(timezone.now())
    _roll_up()
    return drain(_try(Hand.SWEEPER, seconds))


def work(seconds: float = WORK_SECONDS) -> int:
    """One pass of a worker that was called. Returns how many items changed."""
    calls.answered()
    return drain(_try(Hand.WORKER, seconds))


def drain(by: Try) -> int:
    """Try each item that is due, once, and see to it that somebody comes for those that are due soon."""
    changed = 0
    heartbeats.beat(by.hand)
    _advance_actions(by)
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


def _advance_actions(by: Try) -> None:
    """What operators asked for: first, since it makes items due, but for a while only, since it may be very much."""
    until = time.monotonic() + ACTION_SECONDS
    batches.advance(lambda: by.is_over or time.monotonic() >= until)
    if batches.is_waiting():
        calls.call()


def _roll_up() -> None:
    """Figures are no reason to leave work undone."""
    try:
        rollups.roll_up(ROLL_UP_SECONDS)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("The hourly figures cannot be written.")


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
