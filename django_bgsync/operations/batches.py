"""Doing a large action in batches, by whoever comes: a worker, the sweeper, the operator's own request.

A batch, and how far it has brought the action, are one commit. So a process may end between any two statements: whoever
comes next goes on after the last batch that is committed, and nothing is done twice or left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db.models import Q, QuerySet
from django.utils import timezone

from django_bgsync import database
from django_bgsync.applying.verdicts import describe
from django_bgsync.enums import ActionState
from django_bgsync.models import OperatorAction, SyncItem
from django_bgsync.operations import items
from django_bgsync.operations.selections import Selection
from django_bgsync.querysets import ItemQuerySet

BATCH = 200
STALE = timedelta(minutes=1)
"""So long after its last batch, whoever was at an action is gone."""

logger = logging.getLogger("django_bgsync")


def _never() -> bool:
    return False


def advance(is_over: Callable[[], bool] = _never) -> int:
    """Bring forward everything that operators have asked for. Returns how many items have changed."""
    pks = list(_unfinished().order_by("requested_at", "pk").values_list("pk", flat=True))
    changed = 0
    for pk in pks:
        if is_over():
            break
        changed += carry_on(pk, is_over)
    return changed


def is_waiting() -> bool:
    """Whether there is an action that nobody is at."""
    return _free(timezone.now()).exists()


def carry_on(pk: UUID, is_over: Callable[[], bool] = _never) -> int:
    """Do one action's batches, unless somebody is at it. Returns how many items have changed."""
    changed = 0
    mark = _claim(pk)
    while mark is not None:
        if is_over():
            _unfinished().filter(pk=pk, claimed_at=mark).update(claimed_at=None)
            break
        try:
            mark, rows = _step(pk, mark)
        except (OperationalError, InterfaceError):
            raise  # the database, not the action: somebody goes on later
        except Exception as error:
            logger.exception("Operator action %s failed.", pk)
            _fail(pk, error)
            break
        changed += len(rows)
        if rows:
            items.follow_up(rows)
    return changed


def _claim(pk: UUID) -> datetime | None:
    now = timezone.now()
    is_mine = _free(now).filter(pk=pk).update(claimed_at=now)
    return now if is_mine else None


@database.persistent
def _step(pk: UUID, mark: datetime) -> tuple[datetime | None, list[SyncItem]]:
    """One batch, in one transaction. Returns the new mark of the claim, None at the end, and the rows that changed."""
    with database.atomic():
        action = OperatorAction.objects.using(database.alias()).select_for_update().get(pk=pk)
        if action.is_over or action.claimed_at != mark:
            return None, []
        now = timezone.now()
        action.started_at = action.started_at or now
        rows: list[SyncItem] = []
        if action.cancel_requested_at is not None:
            _end(action, ActionState.CANCELLED, now)
        else:
            selected = _selected(action)
            pks = list(selected.order_by("pk").values_list("pk", flat=True)[:BATCH])
            rows = items.perform(action, selected.locked(pks)) if pks else []
            action.state = ActionState.RUNNING
            action.done += len(rows)
            action.skipped += len(pks) - len(rows)
            action.cursor = str(pks[-1]) if pks else action.cursor
            action.claimed_at = now
            if len(pks) < BATCH:
                _end(action, ActionState.DONE, now)
        action.save(using=database.alias())
    return action.claimed_at, rows


def _selected(action: OperatorAction) -> ItemQuerySet:
    """What is left of the selection: as it was when the operator confirmed it, after the last key that is done."""
    asked = action.requested_at
    rows = items.select(action.kind, Selection.read(action.selection))
    rows = rows.filter(Q(finished_at=None) | Q(finished_at__lte=asked), received_at__lte=asked)
    return rows.filter(pk__gt=UUID(action.cursor)) if action.cursor else rows


def _end(action: OperatorAction, state: ActionState, now: datetime) -> None:
    action.state, action.finished_at, action.claimed_at = state, now, None


def _fail(pk: UUID, error: Exception) -> None:
    text, _traceback = describe(error)
    _unfinished().filter(pk=pk).update(
        state=ActionState.FAILED, error=text, finished_at=timezone.now(), claimed_at=None
    )


def _unfinished() -> QuerySet[OperatorAction]:
    return OperatorAction.objects.using(database.alias()).filter(state__in=(ActionState.QUEUED, ActionState.RUNNING))


def _free(now: datetime) -> QuerySet[OperatorAction]:
    return _unfinished().filter(Q(claimed_at=None) | Q(claimed_at__lte=now - STALE))
