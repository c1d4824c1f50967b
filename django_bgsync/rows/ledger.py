"""The rows of the engine: reading them where they are written, and writing many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from django_bgsync import database
from django_bgsync.models import Delivery, DeliveryAttempt, SyncClient, SyncItem
from django_bgsync.querysets import ItemQuerySet
from django_bgsync.rows import recordset
from django_bgsync.rows.moulds import Mould
from django_bgsync.rows.portable import Marks, Portable

OUTCOME_FIELDS = (
    "state",
    "code",
    "result",
    "problem",
    "exception",
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
_NOTED = (
    "id",
    "client_id",
    "user_id",
    "user_agent",
    "app_version",
    "worker_version",
    "capabilities",
    "pending",
    "parked",
    "last_seen",
    "revoked_at",
)
_ITEMS, _CLIENTS = Mould(SyncItem), Mould(SyncClient)


def items() -> ItemQuerySet:
    """All items, read from the database that is written: a replica may not know yet what was just committed."""
    return SyncItem.objects.using(database.alias())


def known(pks: Iterable[UUID]) -> dict[UUID, SyncItem]:
    """Those of these items that have a row, with what answers are made of; the rest is loaded when it is asked for."""
    found = _form().find(list(pks), _ANSWERED)
    return {values[0]: _ITEMS.cast(**dict(zip(_ANSWERED, values, strict=True))) for values in found}


def client(pk: UUID) -> SyncClient | None:
    """The row of a client, with what a delivery needs of it; the rest is loaded when it is asked for."""
    for values in recordset.form_for(database.alias(), SyncClient).find([pk], _NOTED):
        return _CLIENTS.cast(**dict(zip(_NOTED, values, strict=True)))
    return None


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


def lock(marks: Marks, names: Sequence[str], parts: database.Parts | None = None) -> Collection[UUID]:
    """Lock rows until the transaction ends, waiting for those who hold them. Returns the keys of those of which these
    attributes still are what the marks say.

    The first of the transaction's `parts` begins with the same statement, where that is possible.
    """
    form = _form()
    more = parts.beginning() if parts and form.locks_and_more else ""
    return form.lock({pk: marks[pk] for pk in sorted(marks, key=lambda pk: pk.int)}, names, more)


def write_back(rows: Sequence[SyncItem], attempts: Sequence[DeliveryAttempt]) -> None:
    """The outcomes of locked rows, and the attempts that led to them."""
    if rows:
        _form().write_back(sorted(rows, key=lambda row: row.id.int), OUTCOME_FIELDS, attempts)


def count_replays(pks: Sequence[UUID], *, now: datetime, before: datetime) -> None:
    """Count a replay of each of these rows that was not counted after `before`."""
    _form().count(pks, "replays", "last_replay_at", now=now, before=before)


def _form() -> Portable[SyncItem]:
    return recordset.form_for(database.alias(), SyncItem)
