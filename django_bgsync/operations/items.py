"""What operators do to items, a batch at a time. Items that somebody is trying just then are left alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from django_bgsync.applying import lanes, notes
from django_bgsync.applying.announcements import announce
from django_bgsync.applying.claims import FRESH_CLAIM
from django_bgsync.applying.tries import Try, settle
from django_bgsync.applying.verdicts import Verdict, write_problem
from django_bgsync.enums import Code, Hand, ItemState, NoteKind, Operation, Outcome
from django_bgsync.handlers import registry
from django_bgsync.models import DeliveryAttempt, OperatorAction, SyncItem
from django_bgsync.operations.selections import Selection
from django_bgsync.querysets import ItemQuerySet
from django_bgsync.receiving.reopening import REOPENABLE, reopen
from django_bgsync.rows import ledger
from django_bgsync.runners import calls

FAULTS = (Code.DEAD, Code.BAD_RESULT)
"""The server's faults: a handler that decides does not fail."""


def select(kind: str, selection: Selection) -> ItemQuerySet:
    """The items that the operation would change: those that are selected, as far as it makes sense for them."""
    return _SELECTORS[kind](selection)


def can_be_opened(row: SyncItem) -> bool:
    """Whether a retry would change this item."""
    is_parked = row.state in (ItemState.REJECTED, ItemState.CONFLICT) and row.code != Code.DISCARDED
    return (is_parked or row.state == ItemState.WAITING) and row.payload is not None and row.tag_id in registry


def _openable(selection: Selection) -> ItemQuerySet:
    # Not what is held: it would only be held again, it waits for another one.
    return _triable(selection.rows()).filter(REOPENABLE | Q(state=ItemState.WAITING))


def _not_done(selection: Selection) -> ItemQuerySet:
    return selection.rows().exclude(state=ItemState.APPLIED).exclude(code=Code.DISCARDED)


def _held(selection: Selection) -> ItemQuerySet:
    return selection.rows().filter(state=ItemState.HELD)


def _failed(selection: Selection) -> ItemQuerySet:
    """What failed through no decision of a handler, or with the code that is named; what waits failed just now."""
    others = replace(selection, since=None, code="")
    failed = REOPENABLE & (Q(code=selection.code) if selection.code else Q(code__in=FAULTS))
    if selection.since:
        failed &= Q(finished_at__gte=selection.since)
    if not selection.code:
        failed |= Q(state=ItemState.WAITING, failures__gt=0)
    return _triable(others.rows() if others else ledger.items()).filter(failed)


def _triable(rows: ItemQuerySet) -> ItemQuerySet:
    """Not what has lost its payload to retention, or has no handler."""
    return rows.filter(payload__isnull=False, tag__in=registry.keys())


_SELECTORS: dict[str, Callable[[Selection], ItemQuerySet]] = {
    Operation.RETRY: _openable,
    Operation.RECOVER: _failed,
    Operation.DISCARD: _not_done,
    Operation.RELEASE: _held,
}


def perform(action: OperatorAction, rows: ItemQuerySet) -> list[SyncItem]:
    """Do it to these rows, in the transaction that is open. Returns those that have changed; then `follow_up`.

    Left out are those that are not what they were when they were selected, and those that somebody is trying.
    """
    now = timezone.now()
    match action.kind:
        case Operation.DISCARD:
            return _discard(list(rows.unclaimed(now - FRESH_CLAIM).defer("payload")), action, now)
        case Operation.RELEASE:
            return _release(list(rows.filter(claimed_at=None).defer("payload")), action, now)
    found = list(rows.filter(claimed_at=None).defer("payload"))
    reopen(found, action=action)
    return found


def follow_up(rows: Sequence[SyncItem]) -> None:
    """After the commit: what waited behind these items may go on, and somebody has to come for what is due."""
    lanes.release(rows)
    announce(row for row in rows if row.is_finished)
    calls.call()


def _discard(rows: list[SyncItem], action: OperatorAction, now: datetime) -> list[SyncItem]:
    notes.keep(rows, NoteKind.DISCARDED, action, now)
    gone = [_close(row, now) for row in rows if row.claimed_at is not None]
    for row in rows:
        row.state, row.code, row.problem = ItemState.REJECTED, Code.DISCARDED, write_problem(action.reason)
        row.result, row.next_at, row.claimed_at, row.finished_at = None, None, None, now
    ledger.write_back(rows, gone)
    return rows


def _close(row: SyncItem, now: datetime) -> DeliveryAttempt:
    """The try of a process that is gone, under the hand that made it."""
    verdict = Verdict(outcome=Outcome.LOST, state=ItemState.WAITING, code=Code.RETRYING, failures=1, lost=1)
    return settle(row, verdict, Try(hand=Hand(row.claimed_by)), now, started_at=row.claimed_at, duration=None)


def _release(rows: list[SyncItem], action: OperatorAction, now: datetime) -> list[SyncItem]:
    """Without the item before it in its lane an item has nothing to wait for; the note remembers which that was."""
    notes.keep(rows, NoteKind.RELEASED, action, now)
    pks = [row.pk for row in rows]
    ledger.items().filter(pk__in=pks).update(state=ItemState.RECEIVED, code="", after=None, next_at=now)
    for row in rows:
        row.state = ItemState.RECEIVED
    return rows
