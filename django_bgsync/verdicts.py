"""From what a handler did (returned, raised, vanished) to the verdict on its item."""

from __future__ import annotations

import json
import traceback as tracebacks
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from django_bgsync import backoff, conf, drf
from django_bgsync.canonical import write_json
from django_bgsync.enums import Code, ItemState, Outcome
from django_bgsync.exceptions import BadResult, Conflict, Rejected, RetryLater
from django_bgsync.handlers import Handler, Item
from django_bgsync.models import MAX_CODE, SyncItem

MAX_RESULT_BYTES = 16 * 1024
MAX_ERROR = 500
PATIENCE = timedelta(days=7)
"""So long after its receipt a handler may put an item off with RetryLater."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """How one try ends: the item's new state, and what the attempt remembers."""

    outcome: Outcome
    state: ItemState
    code: str
    result: str | None = None
    problem: str | None = None
    next_at: datetime | None = None
    failures: int = 0
    error: str = ""
    traceback: str = ""


def run(handler: Handler, row: SyncItem, now: datetime) -> Verdict:
    """Run the handler in a savepoint. Whatever it raises becomes a verdict, and nothing that it wrote stays."""
    try:
        with transaction.atomic(using=row._state.db):
            result = _write_result(handler.function(_item(handler, row)))
    except Exception as error:
        return judge(error, row, handler, now)
    return Verdict(outcome=Outcome.APPLIED, state=ItemState.APPLIED, code=Code.OK, result=result)


def judge(error: Exception, row: SyncItem, handler: Handler, now: datetime) -> Verdict:
    """What an exception means for the item."""
    try:
        return _judge(error, row, handler, now)
    except BadResult as bad:  # `extra` or `current` cannot be sent
        return _judge(bad, row, handler, now)


def lose(row: SyncItem, handler: Handler, now: datetime) -> Verdict:
    """A try that left no trace but its claim: its process is gone. It counts, but needs no backoff."""
    detail = _("The process ended before the handler did.")
    return _failed(Outcome.LOST, row, handler, next_at=now, error=detail)


def _judge(error: Exception, row: SyncItem, handler: Handler, now: datetime) -> Verdict:
    if isinstance(error, RetryLater):
        return _put_off(error, row, now)
    if isinstance(error, Conflict):
        problem = _write_problem(error.detail, current=error.current)
        return Verdict(outcome=Outcome.CONFLICT, state=ItemState.CONFLICT, code=Code.CONFLICT, problem=problem)
    if isinstance(error, Rejected):
        return _rejected(error.code[:MAX_CODE] or Code.REJECTED, _write_problem(error.detail, extra=error.extra))
    if isinstance(error, BadResult):
        return _rejected(Code.BAD_RESULT, _write_problem(str(error)), error)
    if (errors := drf.validation_errors(error)) is not None:
        return _rejected(Code.INVALID, _write_problem(_("This is not valid."), errors=errors))
    if drf.is_permission_denied(error):
        return _rejected(Code.FORBIDDEN, _write_problem(str(error) or _("You are not allowed to do this.")))
    waits = backoff.delay(row.failures + 1, **conf.backoff())
    text, traceback = describe(error)
    next_at = now + timedelta(seconds=waits)
    return _failed(Outcome.FAILED, row, handler, next_at=next_at, error=text, traceback=traceback)


def _put_off(error: RetryLater, row: SyncItem, now: datetime) -> Verdict:
    if now - row.received_at >= PATIENCE:
        return _rejected(Code.DEAD, _write_problem(error.detail or _("Put off for too long.")))
    # max() also turns a NaN into 0.
    next_at = now + timedelta(seconds=min(max(0.0, error.after), PATIENCE.total_seconds()))
    return Verdict(
        outcome=Outcome.RETRY_LATER,
        state=ItemState.WAITING,
        code=Code.RETRYING,
        next_at=next_at,
        error=error.detail[:MAX_ERROR],
    )


def _failed(
    outcome: Outcome, row: SyncItem, handler: Handler, *, next_at: datetime, error: str, traceback: str = ""
) -> Verdict:
    if row.failures + 1 < handler.max_attempts:
        state, code, problem = ItemState.WAITING, Code.RETRYING, None
    else:
        tries = handler.max_attempts
        state, code, problem = ItemState.REJECTED, Code.DEAD, _write_problem(_("Given up after %d tries.") % tries)
    return Verdict(
        outcome=outcome,
        state=state,
        code=code,
        problem=problem,
        next_at=next_at if problem is None else None,
        failures=1,
        error=error,
        traceback=traceback,
    )


def _rejected(code: str, problem: str, error: Exception | None = None) -> Verdict:
    text, traceback = describe(error) if error else ("", "")
    return Verdict(
        outcome=Outcome.REJECTED,
        state=ItemState.REJECTED,
        code=code,
        problem=problem,
        error=text,
        traceback=traceback,
    )


def describe(error: Exception) -> tuple[str, str]:
    """Class and message, and the traceback without the values of local variables, which may be private."""
    return f"{type(error).__qualname__}: {error}"[:MAX_ERROR], "".join(tracebacks.format_exception(error))


def _item(handler: Handler, row: SyncItem) -> Item:
    """The row as the handler sees it, validated. Raises ValidationError, or PermissionDenied if its user is gone."""
    payload = json.loads(row.payload or "null")
    user = _user(row)
    item = Item(
        id=row.item_id,
        tag=row.tag_id,
        lane=row.lane,
        after=row.after,
        seq=row.seq,
        payload=payload,
        data=payload,
        user=user,
        client_id=row.client.client_id if row.client else None,
        created_at=row.created_at,
        received_at=row.received_at,
        attempt=row.attempts,
    )
    if handler.serializer is None:
        return item
    return replace(item, data=drf.validate(handler.serializer, payload, {"item": item, "user": user}))


def _user(row: SyncItem) -> Any:
    if row.user_id is None:
        return AnonymousUser()
    user = get_user_model()._default_manager.filter(pk=row.user_id).first()
    if user is None or not user.is_active:
        raise PermissionDenied(_("The user who sent this no longer exists or is not active."))
    return user


def _write_result(value: Any) -> str:
    try:
        text = write_json(value)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise BadResult(f"The handler returned what JSON cannot hold: {error}") from error
    if size > MAX_RESULT_BYTES:
        raise BadResult(f"The handler returned {size} bytes; {MAX_RESULT_BYTES} are allowed.")
    return text


def _write_problem(detail: str, **members: Any) -> str:
    """What the client shows: `detail` for people, beside it `errors`, `extra` or `current` for programs."""
    try:
        text = write_json({"detail": detail, **{name: value for name, value in members.items() if value is not None}})
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadResult(f"The handler raised what JSON cannot hold: {error}") from error
    return text
