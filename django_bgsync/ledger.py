"""The rows of the engine: reading them where they are written, and writing many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django_bgsync import database, recordset
from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem
from django_bgsync.moulds import Mould
from django_bgsync.portable import Portable
from django_bgsync.querysets import ItemQuerySet

OUTCOME_FIELDS = (
    "state",
    "code",
    "result",
    "problem",
    "attempts",
    "failures",
    "lost",
    "claimed_at",
    "next_at",
    "finished_at",
)
"""What a try can change about an item."""
_ANSWERED = (
    "id",
    "item_id",
    "owner",
    "tag_id",
    "lane",
    "after",
    "fingerprint",
    "state",
    "code",
    "result",
    "problem",
    "retry",
    "claimed_at",
    "next_at",
    "last_replay_at",
)
_ITEMS = Mould(SyncItem)


def items() -> ItemQuerySet:
    """All items, read from the database that is written: a replica may not know yet what was just committed."""
    return SyncItem.objects.using(database.alias())


def known(pks: Iterable[UUID]) -> dict[UUID, SyncItem]:
    """Those of these items that have a row, with what answers are made of; the rest is loaded when it is asked for."""
    found = items().filter(pk__in=list(pks)).values_list(*_ANSWERED)
    return {values[0]: _ITEMS.cast(**dict(zip(_ANSWERED, values, strict=True))) for values in found}


def receiving() -> AbstractContextManager[None]:
    """The transaction of a `receive` that nothing else belongs to."""
    return database.alone() if _form().receives_at_once else database.atomic()


def receive(receipts: Sequence[SyncItem], delivery: Delivery) -> set[UUID]:
    """Insert receipts, leaving out those whose primary key exists, and if one is left their delivery. Returns the
    keys of those that are new: others may have been there before, by whatever race.

    In the order of the primary key: six writers with the same ids in shuffled orders deadlocked, sorted ones never.
    """
    fresh = _form().receive(sorted(receipts, key=lambda row: row.id.int), delivery)
    if fresh:
        delivery._state.adding = False
    return fresh


def lock(pks: Iterable[UUID], names: Sequence[str]) -> dict[UUID, list[Any]]:
    """Lock rows until the transaction ends, waiting for those who hold them. Returns these attributes of each."""
    return _form().lock(sorted(pks, key=lambda pk: pk.int), names)


def write_back(rows: Sequence[SyncItem], attempts: Sequence[DeliveryAttempt]) -> None:
    """The outcomes of locked rows, and the attempts that led to them."""
    if rows:
        _form().write_back(sorted(rows, key=lambda row: row.id.int), OUTCOME_FIELDS, attempts)


def _form() -> Portable[SyncItem]:
    return recordset.form_for(database.alias(), SyncItem)
