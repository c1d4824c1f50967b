"""Taking a delivery: receipts first, then effects, and one result per item in the order of the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from django_bgsync import clients, conf, results
from django_bgsync.conf import settings
from django_bgsync.enums import Code, Hand
from django_bgsync.exceptions import ItemFault, TooLarge
from django_bgsync.handlers import registry
from django_bgsync.identity import item_key, uuid7
from django_bgsync.models import Delivery, SyncClient, SyncItem, SyncTag
from django_bgsync.owners import Owner
from django_bgsync.processing import Try, apply, bring_forward, database
from django_bgsync.protocol import Envelope, ItemIn, Result, claimed_id, read_item

UNKNOWN_TAG_RETRY = 3600
"""Seconds: a new client that meets an old server waits until the deployment is over."""
STORABLE_YEARS = range(1971, 9999)
"""A device's clock may say anything; MariaDB begins at the year 1000, and shifting by an offset must not overflow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the server has to say about one delivery."""

    delivery: UUID
    results: list[Result]
    settled: list[Result]


def accept(envelope: Envelope, owner: Owner, *, user_agent: str = "") -> Answer:
    """Store and apply the items of one delivery, and look up those it awaits.

    Raises TooLarge for more items than `MAX_ITEMS`, and ClientRevoked. When it raises, or its process ends, each item
    is either unknown to the server or stored; a replay finds out which.
    """
    if len(envelope.items) > settings.MAX_ITEMS:
        raise TooLarge(f"{len(envelope.items)} items; {settings.MAX_ITEMS} are allowed.", limits=conf.limits())
    batch = _Batch(envelope, owner, user_agent)
    batch.receive()
    return Answer(delivery=batch.delivery.pk, results=batch.results(), settled=batch.settled())


class _Batch:
    """One delivery on its way through the server."""

    def __init__(self, envelope: Envelope, owner: Owner, user_agent: str) -> None:
        self.envelope = envelope
        self.owner = owner
        self.now = timezone.now()
        self.client = self._note_client(user_agent)
        self.items = [_read(raw) for raw in envelope.items]
        self.delivery = self._describe()
        self.rows: dict[UUID, SyncItem] = {}

    def receive(self) -> None:
        """Commit a receipt for every item that is new. Afterwards `rows` holds what the server has of this delivery."""
        readable = {self._key(item.id): item for item in reversed(self.items) if isinstance(item, ItemIn)}
        if not readable:
            return
        # Most deliveries bring only new items, and the insert finds out by itself. Looking first is for the others.
        if any(item.send_count > 1 or not _is_storable(item) for item in readable.values()):
            self.rows = SyncItem.objects.in_bulk(readable)
        receipts = [
            self._receipt(pk, item) for pk, item in readable.items() if pk not in self.rows and _is_storable(item)
        ]
        if receipts:
            SyncTag.objects.ensure({row.tag_id for row in receipts})
            self.rows |= self._store(receipts)

    def results(self) -> list[Result]:
        """Apply what is new, bring forward what is due, and say how each item stands."""
        fresh = {pk for pk, row in self.rows.items() if row.delivery_id == self.delivery.pk}
        return [item if isinstance(item, Result) else self._answer(item, fresh) for item in self.items]

    def settled(self) -> list[Result]:
        """How the items stand that the client awaits; those that are due are tried."""
        rows = SyncItem.objects.in_bulk([self._key(item_id) for item_id in self.envelope.awaiting])
        return [self._look_up(item_id, rows) for item_id in self.envelope.awaiting]

    def _answer(self, item: ItemIn, fresh: set[UUID]) -> Result:
        pk = self._key(item.id)
        row = self.rows.get(pk)
        if row is None:
            return _refuse(item)
        if row.item_id != item.id or row.owner != self.owner.reference or row.fingerprint != item.fingerprint:
            return results.of_mismatch(item.id)
        if pk in fresh:
            fresh.remove(pk)  # the same id once more in this delivery is a replay
            return self._say(item.id, apply(row, registry[row.tag_id], self._try(Hand.RECEIPT)), replayed=False)
        return self._say(item.id, bring_forward(row, self._try(Hand.REPLAY)), replayed=True)

    def _look_up(self, item_id: UUID, rows: dict[UUID, SyncItem]) -> Result:
        row = rows.get(self._key(item_id))
        if row is None or row.item_id != item_id or row.owner != self.owner.reference:
            return results.deferred(item_id, Code.UNKNOWN_ITEM, None)
        return self._say(item_id, bring_forward(row, self._try(Hand.AWAITING)), replayed=True)

    def _say(self, item_id: UUID, row: SyncItem | None, *, replayed: bool) -> Result:
        if row is None:
            return results.deferred(item_id, Code.IN_FLIGHT, results.IN_FLIGHT_RETRY)
        self.rows[row.pk] = row
        return results.of_row(row, timezone.now(), replayed=replayed)

    def _store(self, receipts: list[SyncItem]) -> dict[UUID, SyncItem]:
        """One commit for all receipts. Rows that were there before, by whatever race, come back as they are."""
        with transaction.atomic(using=database(), durable=True):
            SyncItem.objects.receive(receipts)
            rows = SyncItem.objects.in_bulk([row.pk for row in receipts])
            if any(row.delivery_id == self.delivery.pk for row in rows.values()):
                self.delivery.save(force_insert=True)
        return rows

    def _receipt(self, pk: UUID, item: ItemIn) -> SyncItem:
        """A row that carries its first claim: it is tried at once."""
        return SyncItem(
            pk=pk,
            item_id=item.id,
            owner=self.owner.reference,
            user_id=self.owner.user.pk,
            client=self.client,
            tag_id=item.tag,
            delivery_id=self.delivery.pk,
            lane=item.lane,
            after=item.after,
            seq=item.seq,
            fingerprint=item.fingerprint,
            payload=item.text,
            size=item.size,
            created_at=_corrected(item.created_at, self.clock_offset),
            received_at=self.now,
            attempts=1,
            claimed_at=self.now,
            next_at=self.now,
        )

    def _describe(self) -> Delivery:
        return Delivery(
            pk=uuid7(),
            owner=self.owner.reference,
            client=self.client,
            trigger=self.envelope.trigger,
            sync_tag=self.envelope.sync_tag,
            last_chance=self.envelope.last_chance,
            context=self.envelope.context,
            items=len(self.items),
            sent_at=_corrected(self.envelope.sent_at, timedelta(0)),
            received_at=self.now,
        )

    def _note_client(self, user_agent: str) -> SyncClient | None:
        said = self.envelope.client
        return None if said is None else clients.note(said, self.owner, user_agent, self.clock_offset, self.now)

    def _try(self, hand: Hand) -> Try:
        return Try(hand=hand, delivery=self.delivery)

    def _key(self, item_id: UUID) -> UUID:
        return item_key(self.owner.reference, item_id)

    @cached_property
    def clock_offset(self) -> timedelta | None:
        """Server minus device."""
        return None if self.envelope.sent_at is None else self.now - self.envelope.sent_at


def _read(raw: Any) -> ItemIn | Result:
    try:
        return read_item(raw, max_bytes=settings.MAX_ITEM_BYTES, max_depth=settings.MAX_JSON_DEPTH)
    except ItemFault as fault:
        return results.of_fault(claimed_id(raw), fault)


def _is_storable(item: ItemIn) -> bool:
    return item.fault is None and item.tag in registry


def _refuse(item: ItemIn) -> Result:
    """Why an item that the server does not hold was not stored either."""
    if item.fault is None or item.tag not in registry:
        return results.deferred(item.id, Code.UNKNOWN_TAG, UNKNOWN_TAG_RETRY)
    return results.of_fault(str(item.id), item.fault)


def _corrected(instant: datetime | None, offset: timedelta | None) -> datetime | None:
    """A device's time put right by the offset of its clock; None if it cannot be."""
    if instant is None or instant.year not in STORABLE_YEARS:
        return None
    corrected = instant + (offset or timedelta(0))
    return corrected if corrected.year in STORABLE_YEARS else None
