"""Opening parked items again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from django_bgsync import ledger
from django_bgsync.enums import Code, ItemState
from django_bgsync.handlers import registry
from django_bgsync.models import SyncItem
from django_bgsync.querysets import ItemQuerySet
from django_bgsync.runners import calls

BATCH = 500
_REOPENABLE = Q(state=ItemState.CONFLICT) | (Q(state=ItemState.REJECTED) & ~Q(code=Code.DISCARDED))


def asked_again(rows: Iterable[tuple[SyncItem, int]]) -> list[UUID]:
    """Reopen the rows whose user asked to try again: once for each `retry` that is higher than all before.

    Returns the primary keys of those that are open now, due at once.
    """
    wanted: dict[int, list[UUID]] = {}
    for row, retry in rows:
        if row.is_finished and row.state != ItemState.APPLIED and retry > row.retry:
            wanted.setdefault(retry, []).append(row.pk)
    return [pk for retry, pks in wanted.items() for pk in _reopen(pks, retry)]


def parked(*, tag: str = "", code: str = "", since: datetime | None = None) -> ItemQuerySet:
    """What an operator may open again: parked items with all of these features, finished at or after `since`.

    Not what an operator discarded, what has lost its payload to retention, or what has no handler.
    """
    rows = ledger.items().filter(_REOPENABLE, payload__isnull=False, tag__in=registry.keys())
    features = {"tag": tag, "code": code, "finished_at__gte": since}
    return rows.filter(**{name: value for name, value in features.items() if value})


def requeue(rows: ItemQuerySet) -> int:
    """Open parked items again, as an operator: they are due at once. Returns how many were."""
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    opened = 0
    for start in range(0, len(pks), BATCH):
        # The condition is in the statement: nothing that was opened or discarded meanwhile is touched.
        opened += rows.filter(pk__in=pks[start : start + BATCH]).update(**_opened())
    if opened:
        calls.call()
    return opened


def _reopen(pks: list[UUID], retry: int) -> list[UUID]:
    # The comparison is in the statement: of two requests with the same `retry` one reopens.
    rows = ledger.items().filter(_REOPENABLE, pk__in=pks, retry__lt=retry)
    found = list(rows.values_list("pk", flat=True))
    rows.filter(pk__in=found).update(retry=retry, **_opened())
    return found


def _opened() -> dict[str, Any]:
    """What changes about an item that is opened again: it is due, and its failures are forgotten."""
    now = timezone.now()
    return {
        "state": ItemState.RECEIVED,
        "code": "",
        "result": None,
        "problem": None,
        "failures": 0,
        "reopened_at": now,
        "next_at": now,
        "finished_at": None,
    }
