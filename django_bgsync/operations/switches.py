"""What operators do to tags and clients: one row, at once."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from django_bgsync import database
from django_bgsync.enums import ActionState, Operation, TagState
from django_bgsync.models import OperatorAction, SyncClient, SyncTag
from django_bgsync.operations.selections import Selection
from django_bgsync.runners import calls

_TAG_STATES = {Operation.PAUSE: TagState.PAUSED, Operation.RESUME: TagState.OPEN, Operation.CLOSE: TagState.CLOSED}


def target(selection: Selection) -> SyncTag | SyncClient | None:
    """The client that is named, else the tag."""
    alias = database.alias()
    if selection.client is not None:
        return SyncClient.objects.using(alias).filter(pk=selection.client).first()
    return SyncTag.objects.using(alias).filter(pk=selection.tag).first()


def select(kind: str, selection: Selection) -> QuerySet[Any]:
    """The tag or client that is named, as far as the operation would change it."""
    if kind in _TAG_STATES:
        tags = SyncTag.objects.using(database.alias()).filter(pk=selection.tag)
        return tags.exclude(state=_TAG_STATES[Operation(kind)])
    clients = SyncClient.objects.using(database.alias()).filter(pk__in=[selection.client] if selection.client else [])
    match kind:
        case Operation.REVOKE:
            return clients.filter(revoked_at=None)
        case Operation.RESTORE:
            return clients.exclude(revoked_at=None)
    return clients


def perform(action: OperatorAction) -> None:
    """Change the row and write down that it was done, in the transaction that is open."""
    now = timezone.now()
    rows = select(action.kind, Selection.read(action.selection))
    action.done = rows.update(**_changes(action))
    action.state, action.started_at, action.finished_at = ActionState.DONE, now, now
    action.save(using=database.alias())
    if action.kind == Operation.RESUME:
        calls.call()


def _changes(action: OperatorAction) -> dict[str, Any]:
    match action.kind:
        case Operation.REVOKE:
            return {"revoked_at": timezone.now()}
        case Operation.RESTORE:
            return {"revoked_at": None}
        case Operation.RENAME:
            return {"label": action.values.get("label", "")}
    state = _TAG_STATES[Operation(action.kind)]
    return {"state": state, "reason": "" if state == TagState.OPEN else action.reason}
