"""The history of pulls: how often a device was allowed to ask for a feed, and what it got.

All pages of one pull are one row. The history is no part of the answer: a pull that cannot be written down is answered.
"""

from __future__ import annotations

import logging
import math
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError
from django.db.models import F
from django.utils import timezone

from django_bgsync import drf
from django_bgsync.enums import PullOutcome
from django_bgsync.exceptions import BadFeed, EnvelopeError, InvalidCursor
from django_bgsync.fields import MAX_COUNT
from django_bgsync.idempotency.keyed_requests import Caller
from django_bgsync.models import FeedPull, SyncClient
from django_bgsync.owners import Owner

TOGETHER = timedelta(minutes=5)
"""A page that is asked for so long after the one before is the next page of the same pull."""

logger = logging.getLogger("django_bgsync")


@dataclass(kw_only=True, slots=True)
class PullInProgress:
    """One request for a page, to be filled in while it is answered."""

    feed: str
    owner: Owner
    client: SyncClient | None
    caller: Caller
    is_first: bool
    """It names no cursor: nothing comes before it."""
    started_at: datetime
    items: int = 0
    bytes: int = 0
    outcome: PullOutcome = PullOutcome.COMPLETE
    code: str = ""
    error: str = ""
    traceback: str = ""


@contextmanager
def recorded(
    feed: str, owner: Owner, client: SyncClient | None, caller: Caller, cursor: str | None
) -> Iterator[PullInProgress]:
    """Write the request down when it is answered, or refused, or has failed. What the feed's function raises passes
    through, a ValidationError as InvalidCursor.
    """
    pull = PullInProgress(
        feed=feed, owner=owner, client=client, caller=caller, is_first=cursor is None, started_at=timezone.now()
    )
    clock = time.perf_counter()
    try:
        yield pull
    except drf.VALIDATION_ERRORS as error:
        refusal = InvalidCursor(str(error))
        _note_refusal(pull, refusal.code, error)
        raise refusal from error
    except Exception as error:
        _note(pull, error)
        raise
    finally:
        _try_to_write(pull, math.ceil((time.perf_counter() - clock) * 1000))


def _note(pull: PullInProgress, error: Exception) -> None:
    if isinstance(error, EnvelopeError):
        _note_refusal(pull, error.code, error)
    elif drf.is_answer(error):
        _note_refusal(pull, "", error)
    else:
        _note_failure(pull, error)


def _note_failure(pull: PullInProgress, error: Exception) -> None:
    pull.outcome = PullOutcome.FAILED
    pull.code = "bad_feed" if isinstance(error, BadFeed) else "error"
    pull.error = f"{type(error).__name__}: {error}"[:500]
    pull.traceback = "".join(traceback.format_exception(error)).replace("\0", "")
    logger.error("The feed %s cannot be read.", pull.feed, extra={"feed": pull.feed, "code": pull.code})


def _note_refusal(pull: PullInProgress, code: str, error: Exception) -> None:
    pull.outcome = PullOutcome.REFUSED
    pull.code = code
    pull.error = f"{type(error).__name__}: {error}"[:500]


def _try_to_write(pull: PullInProgress, duration_ms: int) -> None:
    pull.error = pull.error.replace("\0", "")
    try:
        _write(pull, duration_ms)
    except (DatabaseError, InterfaceError):
        logger.warning("A pull of the feed %s is not written down.", pull.feed, exc_info=True)


def _write(pull: PullInProgress, duration_ms: int) -> None:
    before = _last_pull(pull)
    now = timezone.now()
    said = {
        "outcome": pull.outcome,
        "code": pull.code,
        "error": pull.error,
        "traceback": pull.traceback,
        "ended_at": now,
    }
    if before is not None and _continues(pull, before):
        FeedPull.objects.filter(pk=before.pk).update(
            pages=F("pages") + 1,
            items=F("items") + pull.items,
            bytes=F("bytes") + pull.bytes,
            duration_ms=F("duration_ms") + duration_ms,
            **said,
        )
        return
    FeedPull.objects.create(
        feed=pull.feed,
        owner=pull.owner.reference,
        client=pull.client,
        trigger=pull.caller.trigger,
        wanted_seconds=pull.caller.min_interval,
        granted_seconds=_seconds_between(before, pull),
        items=pull.items,
        bytes=pull.bytes,
        duration_ms=duration_ms,
        started_at=pull.started_at,
        **said,
    )


def _seconds_between(before: FeedPull | None, pull: PullInProgress) -> int | None:
    if before is None:
        return None
    return min(MAX_COUNT, max(0, int((pull.started_at - before.started_at).total_seconds())))


def _last_pull(pull: PullInProgress) -> FeedPull | None:
    """This client's; nobody knows those of a sender who names no client."""
    if pull.client is None:
        return None
    mine = FeedPull.objects.filter(client=pull.client, feed=pull.feed)
    return mine.order_by("-started_at").defer("traceback").first()


def _continues(pull: PullInProgress, before: FeedPull) -> bool:
    is_next = before.outcome == PullOutcome.PARTIAL and not pull.is_first and before.trigger == pull.caller.trigger
    return is_next and pull.started_at - before.ended_at < TOGETHER
