"""Opening items again: by their users, who ask with a higher `retry`, and by operators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from django_bgsync import database
from django_bgsync.applying import notes
from django_bgsync.enums import Code, ItemState, NoteKind
from django_bgsync.models import OperatorAction, SyncItem
from django_bgsync.rows import ledger

REOPENABLE = Q(state=ItemState.CONFLICT) | (Q(state=ItemState.REJECTED) & ~Q(code=Code.DISCARDED))


def is_asked(row: SyncItem, retry: int) -> bool:
    """Whether a client that says this `retry` asks for the row to be opened."""
    return row.is_finished and row.state != ItemState.APPLIED and retry > row.retry


def asked_again(rows: Iterable[tuple[SyncItem, int]]) -> list[UUID]:
    """Reopen the rows whose user asked to try again: once for each `retry` that is higher than all before.

    Returns the primary keys of those that are open now, due at once.
    """
    wanted: dict[int, list[UUID]] = {}
    for row, retry in rows:
        if is_asked(row, retry):
            wanted.setdefault(retry, []).append(row.pk)
    return [pk for retry, pks in wanted.items() for pk in _ask_again(pks, retry)]


def reopen(rows: Sequence[SyncItem], *, action: OperatorAction | None = None, retry: int | None = None) -> None:
    """Open rows that the transaction has locked: they are due, and their failures are forgotten."""
    now = timezone.now()
    changes: dict[str, Any] = {
        "state": ItemState.RECEIVED,
        "code": "",
        "result": None,
        "problem": None,
        "exception": "",
        "failures": 0,
        "reopened_at": now,
        "next_at": now,
        "finished_at": None,
    }
    if retry is not None:
        changes["retry"] = retry
    notes.keep(rows, NoteKind.REOPENED, action, now)
    ledger.items().filter(pk__in=[row.pk for row in rows]).update(**changes)
    for row in rows:
        row.__dict__.update(changes)


@database.persistent
def _ask_again(pks: list[UUID], retry: int) -> list[UUID]:
    with database.atomic():
        # Looked at under the lock: of two requests with the same `retry` one reopens.
        rows = ledger.items().filter(REOPENABLE, pk__in=pks, retry__lt=retry).select_for_update().order_by("pk")
        found = list(rows.defer("payload"))
        if found:
            reopen(found, retry=retry)
    return [row.pk for row in found]
