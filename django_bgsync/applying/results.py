"""What the client is told about an item: from its row, or from the reason why it has none."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django_bgsync.canonical import write_json
from django_bgsync.enums import Code, ItemState, Status
from django_bgsync.exceptions import ItemFault
from django_bgsync.handlers import registry
from django_bgsync.models import SyncItem
from django_bgsync.protocol import Result

IN_FLIGHT_RETRY = 2
"""Seconds after which to ask again for an item that somebody is trying right now."""
UNAVAILABLE_RETRY = 30
"""Seconds to wait after a fault of the server."""

_FINISHED: dict[str, Status] = {
    ItemState.APPLIED: Status.APPLIED,
    ItemState.REJECTED: Status.REJECTED,
    ItemState.CONFLICT: Status.CONFLICT,
}
_FAULTS = {Code.EXPIRED: Status.EXPIRED, Code.ID_TOO_OLD: Status.EXPIRED}


def of_row(row: SyncItem, paused: Collection[str], now: datetime, *, replayed: bool) -> Result:
    """`paused` are the tags that an operator paused."""
    status = _FINISHED.get(row.state)
    if status is None:
        return _of_unfinished(row, paused, now, replayed=replayed)
    return Result(
        id=str(row.item_id),
        status=status,
        code=row.code,
        replayed=replayed,
        result=row.result,
        problem=row.problem,
    )


def of_fault(item_id: str, fault: ItemFault) -> Result:
    """An item that left no row."""
    status = _FAULTS.get(fault.code, Status.REJECTED)
    return Result(id=item_id, status=status, code=fault.code, problem=write_json({"detail": fault.detail}))


def of_mismatch(item_id: UUID) -> Result:
    detail = "This id was sent before with other content. Nothing was run; send an edited item under a new id."
    problem = write_json({"detail": detail})
    return Result(id=str(item_id), status=Status.CONFLICT, code=Code.PAYLOAD_MISMATCH, problem=problem)


def deferred(item_id: UUID, code: Code, retry_after: int | None) -> Result:
    return Result(id=str(item_id), status=Status.DEFERRED, code=code, retry_after=retry_after)


def _of_unfinished(row: SyncItem, paused: Collection[str], now: datetime, *, replayed: bool) -> Result:
    if row.claimed_at is not None:
        return deferred(row.item_id, Code.IN_FLIGHT, IN_FLIGHT_RETRY)
    retry_after = None
    if row.tag_id in paused:
        code = Code.PAUSED
    elif row.state == ItemState.HELD:
        code = Code.HELD
    elif row.state == ItemState.WAITING or row.tag_id not in registry:
        code, retry_after = Code.RETRYING, _seconds_until(row.next_at, now)
    else:
        code = Code.QUEUED
    return Result(id=str(row.item_id), status=Status.ACCEPTED, code=code, replayed=replayed, retry_after=retry_after)


def _seconds_until(instant: datetime | None, now: datetime) -> int | None:
    return None if instant is None else max(1, math.ceil((instant - now).total_seconds()))
