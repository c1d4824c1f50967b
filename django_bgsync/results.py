"""What the client is told about an item: from its row, or from the reason why it has none."""

from __future__ import annotations

import math
from datetime import datetime
from uuid import UUID

from django_bgsync.canonical import write_json
from django_bgsync.enums import Code, ItemState, Status
from django_bgsync.exceptions import ItemFault
from django_bgsync.models import SyncItem
from django_bgsync.protocol import Result

IN_FLIGHT_RETRY = 2
"""Seconds after which to ask again for an item that somebody is trying right now."""

_STATUSES = {
    ItemState.RECEIVED: Status.ACCEPTED,
    ItemState.WAITING: Status.ACCEPTED,
    ItemState.APPLIED: Status.APPLIED,
    ItemState.REJECTED: Status.REJECTED,
    ItemState.CONFLICT: Status.CONFLICT,
}


def of_row(row: SyncItem, now: datetime, *, replayed: bool) -> Result:
    return Result(
        id=str(row.item_id),
        status=_STATUSES[ItemState(row.state)],
        code=row.code or Code.QUEUED,
        replayed=replayed,
        result=row.result,
        retry_after=None if row.next_at is None else max(1, math.ceil((row.next_at - now).total_seconds())),
        problem=row.problem,
    )


def of_fault(item_id: str, fault: ItemFault) -> Result:
    return Result(id=item_id, status=Status.REJECTED, code=fault.code, problem=write_json({"detail": fault.detail}))


def of_mismatch(item_id: UUID) -> Result:
    detail = "This id was sent before with other content. Nothing was run; send an edited item under a new id."
    problem = write_json({"detail": detail})
    return Result(id=str(item_id), status=Status.CONFLICT, code=Code.PAYLOAD_MISMATCH, problem=problem)


def deferred(item_id: UUID, code: Code, retry_after: int | None) -> Result:
    return Result(id=str(item_id), status=Status.DEFERRED, code=code, retry_after=retry_after)
