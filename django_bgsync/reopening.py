"""Opening parked items again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from django_bgsync import ledger
from django_bgsync.enums import Code, ItemState
from django_bgsync.models import SyncItem

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


def _reopen(pks: list[UUID], retry: int) -> list[UUID]:
    now = timezone.now()
    changes: Mapping[str, object] = {
        "state": ItemState.RECEIVED,
        "code": "",
        "result": None,
        "problem": None,
        "failures": 0,
        "retry": retry,
        "reopened_at": now,
        "next_at": now,
        "finished_at": None,
    }
    # The comparison is in the statement: of two requests with the same `retry` one reopens.
    rows = ledger.items().filter(_REOPENABLE, pk__in=pks, retry__lt=retry)
    found = list(rows.values_list("pk", flat=True))
    rows.filter(pk__in=found).update(**changes)
    return found
