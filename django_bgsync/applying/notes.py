"""What an item's own row no longer says once somebody has changed it by hand: kept beside its attempts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django_bgsync import database
from django_bgsync.enums import Hand, ItemState, NoteKind, Outcome
from django_bgsync.identity import uuid7
from django_bgsync.models import DeliveryAttempt, ItemNote, OperatorAction, SyncItem


def keep(rows: Sequence[SyncItem], kind: NoteKind, action: OperatorAction | None, now: datetime) -> None:
    """Write down what is about to be done to these locked rows, by an operator or (no action) by their user."""
    alias = database.alias()
    DeliveryAttempt.objects.using(alias).bulk_create(_refusals(rows))
    ItemNote.objects.using(alias).bulk_create(
        ItemNote(
            id=uuid7(),
            item_id=row.pk,
            tag_id=row.tag_id,
            kind=kind,
            action=action,
            state=row.state,
            code=row.code,
            after=row.after if kind == NoteKind.RELEASED else None,
            noted_at=now,
        )
        for row in rows
    )


def was_refused(row: SyncItem) -> bool:
    """Whether an item was refused on receipt. Only its row says so: its handler was never tried."""
    return row.state == ItemState.REJECTED and row.attempts == 0 and row.finished_at == row.received_at


def _refusals(rows: Iterable[SyncItem]) -> Iterable[DeliveryAttempt]:
    """The refusals on receipt as attempts, number 0: from now on the rows say something else."""
    return [
        DeliveryAttempt(
            id=uuid7(),
            item_id=row.pk,
            tag_id=row.tag_id,
            client_id=row.client_id,
            delivery_id=row.delivery_id,
            number=0,
            hand=Hand.RECEIPT,
            outcome=Outcome.REJECTED,
            code=row.code,
            started_at=row.received_at,
        )
        for row in rows
        if was_refused(row)
    ]
