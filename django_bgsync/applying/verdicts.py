"""From what a handler did (returned, raised, vanished) to the verdict on its item."""

from __future__ import annotations

import traceback as tracebacks
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from django_bgsync import backoff, conf, drf
from django_bgsync.applying.pauses import paused
from django_bgsync.canonical import write_json
from django_bgsync.enums import Code, ItemState, Outcome
from django_bgsync.exceptions import BadResult, Conflict, Rejected, RetryLater
from django_bgsync.handlers import Handler
from django_bgsync.models import MAX_CODE, MAX_EXCEPTION, SyncItem

MAX_ERROR = 500
RESERVED = (Code.DEAD, Code.DISCARDED)
"""What they say of an item is for the engine and operators to say: it holds its lane, or is never opened again."""
PATIENCE = timedelta(days=7)
"""So long a handler without `max_age` may put an item off with RetryLater."""


class Verdict(NamedTuple):
    """How one try ends: the item's new state, and what the attempt remembers."""

    outcome: Outcome
    state: ItemState
    code: str
    result: str | None = None
    problem: str | None = None
    next_at: datetime | None = None
    failures: int = 0
    lost: int = 0
    error: str = ""
    traceback: str = ""

    @property
    def exception(self) -> str:
        """The class of what the handler raised, "" for what is a verdict in itself."""
        return self.error.partition(":")[0][:MAX_EXCEPTION] if self.traceback else ""


def applied(value: Any, handler: Handler) -> Verdict:
    """The handler returned. Raises BadResult if what it returned cannot be stored and sent."""
    try:
        text = write_json(value)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise BadResult(f"The handler returned what JSON cannot hold: {error}") from error
    if size > handler.max_result_bytes:
        raise BadResult(f"The handler returned {size} bytes; {handler.max_result_bytes} are allowed.")
    return Verdict(outcome=Outcome.APPLIED, state=ItemState.APPLIED, code=Code.OK, result=text)


def judge(error: Exception, row: SyncItem, handler: Handler, now: datetime) -> Verdict:
    """The handler raised. Nothing that it wrote stays."""
    try:
        return _judge(error, row, handler, now)
    except BadResult as bad:  # its `extra` or `current` cannot be sent
        return _judge(bad, row, handler, now)


def lost(row: SyncItem, handler: Handler, now: datetime) -> Verdict:
    """The try left no trace but its claim: its process is gone. It counts, but needs no backoff."""
    error = _("The process ended before the handler did.")
    return _failed(Outcome.LOST, row, handler, next_at=now, error=error)


def rejected(code: str, detail: str, error: Exception | None = None, **members: Any) -> Verdict:
    text, traceback = describe(error) if error else ("", "")
    return Verdict(
        outcome=Outcome.REJECTED,
        state=ItemState.REJECTED,
        code=printable(code)[:MAX_CODE],
        problem=write_problem(detail, **members),
        error=text,
        traceback=traceback,
    )


def describe(error: Exception) -> tuple[str, str]:
    """Class and message, and the traceback without the values of local variables, which may be private."""
    text = printable(f"{type(error).__qualname__}: {error}")
    return text[:MAX_ERROR], printable("".join(tracebacks.format_exception(error)))


def printable(text: str) -> str:
    """The text without what a database refuses: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "\\x00").encode(errors="backslashreplace").decode()


def write_problem(detail: str, **members: Any) -> str:
    """What the client shows: `detail` for people, beside it `errors`, `extra` or `current` for programs."""
    try:
        text = write_json({"detail": detail, **{name: value for name, value in members.items() if value is not None}})
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadResult(f"The handler raised what JSON cannot hold: {error}") from error
    return text


def _judge(error: Exception, row: SyncItem, handler: Handler, now: datetime) -> Verdict:
    match error:
        case RetryLater():
            return _put_off(error, row, handler, now)
        case Conflict():
            problem = write_problem(error.detail, current=error.current)
            return Verdict(outcome=Outcome.CONFLICT, state=ItemState.CONFLICT, code=Code.CONFLICT, problem=problem)
        case Rejected() if error.code in RESERVED:
            raise BadResult(f"The handler rejected with the code {error.code}, which is one of ours.")
        case Rejected():
            return rejected(error.code or Code.REJECTED, error.detail, extra=error.extra)
        case BadResult():
            return rejected(Code.BAD_RESULT, str(error), error)
    if (errors := drf.validation_errors(error)) is not None:
        return rejected(Code.INVALID, _("This is not valid."), errors=errors)
    if drf.is_permission_denied(error):
        return rejected(Code.FORBIDDEN, str(error) or _("You are not allowed to do this."))
    text, traceback = describe(error)
    next_at = now + timedelta(seconds=backoff.delay(row.failures + 1, **conf.backoff()))
    return _failed(Outcome.FAILED, row, handler, next_at=next_at, error=text, traceback=traceback)


def _put_off(error: RetryLater, row: SyncItem, handler: Handler, now: datetime) -> Verdict:
    since, most = row.reopened_at or row.received_at, handler.max_age or PATIENCE
    if now - since >= most and now - since - paused(row.tag_id, since, now) >= most:
        return rejected(Code.DEAD, error.detail or _("Put off for too long."))
    # max() also turns a NaN into 0.
    wait = min(max(0.0, error.after), PATIENCE.total_seconds())
    return Verdict(
        outcome=Outcome.RETRY_LATER,
        state=ItemState.WAITING,
        code=Code.RETRYING,
        next_at=now + timedelta(seconds=wait),
        error=printable(error.detail)[:MAX_ERROR],
    )


def _failed(
    outcome: Outcome, row: SyncItem, handler: Handler, *, next_at: datetime, error: str, traceback: str = ""
) -> Verdict:
    # The first lost try proves nothing: it may have been a neighbour in the same transaction that ended the process.
    is_innocent = outcome == Outcome.LOST and row.lost == 0
    is_dead = row.failures + 1 >= handler.max_attempts and not is_innocent
    return Verdict(
        outcome=outcome,
        state=ItemState.REJECTED if is_dead else ItemState.WAITING,
        code=Code.DEAD if is_dead else Code.RETRYING,
        problem=write_problem(_("Given up after %d tries.") % handler.max_attempts) if is_dead else None,
        next_at=None if is_dead else next_at,
        failures=1,
        lost=int(outcome == Outcome.LOST),
        error=error,
        traceback=traceback,
    )
