"""Asking for something: every operation begins here, and leaves an `OperatorAction` that says what became of it.

What concerns a tag or a client is done at once, and so are a few items. Many items are done in batches, by whoever
comes: see `batches`.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone

from django_bgsync import database
from django_bgsync.enums import ActionState, Operation
from django_bgsync.exceptions import InvalidSelection
from django_bgsync.identity import uuid7
from django_bgsync.models import OperatorAction
from django_bgsync.operations import batches, items, switches
from django_bgsync.operations.selections import Selection
from django_bgsync.runners import calls

AT_ONCE = 500
"""So many items are done while the operator waits."""
COUNTED = 10_000
"""Counting ends here: more is `more than 10,000`, without a scan of everything."""

OF_ITEMS = (Operation.RETRY, Operation.RECOVER, Operation.DISCARD, Operation.RELEASE)
OF_TAGS = (Operation.PAUSE, Operation.RESUME, Operation.CLOSE)
OF_CLIENTS = (Operation.REVOKE, Operation.RESTORE, Operation.RENAME)
WITH_REASON = (Operation.DISCARD, Operation.PAUSE, Operation.CLOSE, Operation.REVOKE)
"""These ask for one."""


def count(kind: str, selection: Selection) -> tuple[int, bool]:
    """How many rows the operation would change, and whether that is all: counting ends at `COUNTED`."""
    if kind in OF_ITEMS:
        found = items.select(kind, selection)[: COUNTED + 1].count()
        return min(found, COUNTED), found <= COUNTED
    return switches.select(kind, selection).count(), True


def request(
    kind: Operation,
    selection: Selection,
    *,
    user: Any = None,
    username: str = "",
    reason: str = "",
    values: dict[str, Any] | None = None,
    pk: UUID | None = None,
) -> OperatorAction:
    """Do it, or have it done. Asking again under the same `pk` does nothing and returns what the first one became.

    Raises InvalidSelection if nothing is selected.
    """
    if not selection:
        raise InvalidSelection("Nothing is selected.")
    total, is_exact = count(kind, selection)
    named = {"user_id": user.pk, "username": user.get_username()[:150]} if user else {"username": username}
    action, is_new = _write(
        pk or uuid7(),
        kind=kind,
        selection=selection.write(),
        values=values or {},
        reason=reason,
        total=total,
        is_total_exact=is_exact,
        requested_at=timezone.now(),
        **named,
    )
    if is_new and kind in OF_ITEMS:
        if is_exact and total <= AT_ONCE:
            batches.carry_on(action.pk)
        else:
            calls.call()
        action.refresh_from_db(using=database.alias())
    return action


@database.persistent
def _write(pk: UUID, **values: Any) -> tuple[OperatorAction, bool]:
    """The action's row, and whether it is new. What is done at once is done in the same transaction."""
    with database.atomic():
        actions = OperatorAction.objects.using(database.alias())
        action, is_new = actions.get_or_create(pk=pk, defaults=values)
        if is_new and action.kind not in OF_ITEMS:
            switches.perform(action)
    return action, is_new


def cancel(pk: UUID) -> bool:
    """Have an action stop: at once if nobody is at it, else before its next batch; what is done stays done. False if
    it is over.
    """
    open_ones = OperatorAction.objects.using(database.alias()).filter(
        pk=pk, state__in=(ActionState.QUEUED, ActionState.RUNNING), cancel_requested_at=None
    )
    if not open_ones.update(cancel_requested_at=timezone.now()):
        return False
    batches.carry_on(pk)
    return True
