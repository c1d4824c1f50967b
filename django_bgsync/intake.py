"""Taking a delivery: receipts first, then effects, and one result per item in the order of the request."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from django_bgsync import clients, conf, database, files, lanes, ledger, reopening, results, retention, throttling
from django_bgsync.announcements import announce
from django_bgsync.claims import Claim
from django_bgsync.conf import settings
from django_bgsync.enums import Code, Hand, ItemState, Mode, TagState
from django_bgsync.exceptions import ItemFault, Throttled, TooLarge
from django_bgsync.handlers import registry
from django_bgsync.identity import item_key, uuid7
from django_bgsync.milestones import Milestone, reach
from django_bgsync.models import ConflictingCopy, Delivery, StoredFile, SyncItem, SyncTag
from django_bgsync.owners import Owner
from django_bgsync.processing import apply, bring_forward
from django_bgsync.protocol import Envelope, ItemIn, Result, Upload, claimed_id, read_item
from django_bgsync.receipts import Permits, Registrar, corrected
from django_bgsync.runners import calls
from django_bgsync.tries import Try

UNKNOWN_TAG_RETRY = 3600
"""Seconds: a new client that meets an old server waits until the deployment is over."""
OUT_OF_ORDER_RETRY = 5
"""Seconds: the item before it is on its way, or the next delivery will name another one."""


logger = logging.getLogger("django_bgsync")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the server has to say about one delivery."""

    delivery: UUID
    results: list[Result]
    settled: list[Result]


def accept(envelope: Envelope, owner: Owner, permits: Permits, *, user_agent: str = "", sender: str = "") -> Answer:
    """Store and apply the items of one delivery, and look up those it awaits.

    `permits` tells whether this request may use a handler; `sender` is whose items are counted. Raises TooLarge for
    more items than `MAX_ITEMS`, ClientRevoked, and Throttled if that is the answer to every item. When it raises, or
    its process ends, each item is either unknown to the server or stored; a replay finds out which.
    """
    if len(envelope.items) > settings.MAX_ITEMS:
        raise TooLarge(f"{len(envelope.items)} items; {settings.MAX_ITEMS} are allowed.", limits=conf.limits())
    batch = _Batch(envelope, owner, permits, user_agent)
    batch.allowance = throttling.take(sender, len(batch.items))
    batch.receive()
    if batch.is_throttled:
        raise Throttled(retry_after=batch.allowance.retry_after)
    reach(Milestone.RECEIVED)
    batch.process()
    answer = Answer(
        delivery=batch.delivery.pk,
        results=[batch.result(item) for item in batch.sent],
        settled=[batch.news(item_id) for item_id in envelope.awaiting],
    )
    reach(Milestone.BEFORE_RESPONSE)
    return answer


class _Batch:
    """One delivery on its way through the server."""

    def __init__(self, envelope: Envelope, owner: Owner, permits: Permits, user_agent: str) -> None:
        self.owner = owner
        self.now = timezone.now()
        self.deadline = time.monotonic() + conf.seconds(settings.TIME_BUDGET)
        self.sent = [_read(raw, envelope.uploads) for raw in envelope.items]
        self.awaited = envelope.awaiting
        self.registrar = self._registrar(envelope, permits, user_agent)
        self.delivery = self.registrar.delivery
        self.rows: dict[UUID, SyncItem] = {}
        self.fresh: dict[UUID, None] = {}
        self.refused: dict[UUID, Result] = {}
        self.allowance = throttling.Allowance(asked=0, granted=0)
        self.changed: list[SyncItem] = []
        self.is_cut_off = False

    @cached_property
    def items(self) -> dict[UUID, ItemIn]:
        """The readable items by primary key, in the order of the request; of one id the first that can be stored."""
        items: dict[UUID, ItemIn] = {}
        for item in self.sent:
            if isinstance(item, ItemIn) and ((first := items.get(self._key(item.id))) is None or first.fault):
                items[self._key(item.id)] = item
        return items

    def receive(self) -> None:
        """Commit a receipt for every item that is new. Afterwards `rows` holds what the server has of this delivery."""
        purged = retention.purged(self.items)
        faults = {
            pk: fault for pk, item in self.items.items() if (fault := self._fault(item, pk in purged)) is not None
        }
        self.rows = self._look_first(faults)
        receipts: dict[UUID, SyncItem] = {}
        for pk, item in self.items.items():
            if pk in self.rows:
                continue
            if len(receipts) == self.allowance.granted and self.allowance.is_short:
                self.refused[pk] = results.deferred(item.id, Code.THROTTLED, self.allowance.retry_after)
            elif pk in faults:
                self.refused[pk] = faults[pk]
            elif (is_held := self._is_held(item, receipts)) is None:
                self.refused[pk] = results.deferred(item.id, Code.OUT_OF_ORDER, OUT_OF_ORDER_RETRY)
            else:
                receipts[pk] = self.registrar.receipt(pk, item, is_held=is_held)
        if receipts:
            self._store(receipts, files.save({pk: self.items[pk].uploads for pk in receipts}, self.now))

    @property
    def is_throttled(self) -> bool:
        """Whether nothing was taken because of the throttle, nor can anything else be said."""
        if not self.allowance.is_short or not all(isinstance(item, ItemIn) for item in self.sent):
            return False
        return all(pk in self.refused and self.refused[pk].code == Code.THROTTLED for pk in self.items)

    def process(self) -> None:
        """Apply what is new, bring forward what is due, and read again what others may have changed meanwhile.

        If the database goes away, what is certain by then is answered, and the rest is `unavailable`. Raises if
        nothing is.
        """
        try:
            self._process()
        except database.LOST:
            self.is_cut_off = True
            self.rows |= {row.pk: row for row in self.changed}
            if not any(self._is_certain(self.rows[pk]) for pk in self.items if pk in self.rows):
                raise
            logger.warning("The database is gone in the middle of delivery %s.", self.delivery.pk, exc_info=True)

    def _process(self) -> None:
        received = [self.rows[pk] for pk in self.fresh]
        claims = [Claim.on(row, registry[row.tag_id]) for row in received if row.claimed_at is not None]
        self.changed += apply(claims, self._try(Hand.RECEIPT))
        freed = lanes.release(self.changed) + lanes.look_again([*received, *self.changed])
        self.changed += bring_forward(freed, self._try(Hand.RECEIPT))
        self.changed += bring_forward(self._due_replays(), self._try(Hand.REPLAY))
        self._load_awaited()
        self.changed += bring_forward(self._due_awaited(), self._try(Hand.AWAITING))
        self._bring_up_to_date(self.changed)

    def result(self, item: ItemIn | Result) -> Result:
        """How one item of the request stands."""
        if isinstance(item, Result):
            return item
        pk = self._key(item.id)
        row = self.rows.get(pk)
        if row is None:
            return self.refused[pk]
        if not self._is_same(row, item):
            return results.of_mismatch(item.id)
        if not self._is_certain(row):
            return results.deferred(item.id, Code.UNAVAILABLE, results.UNAVAILABLE_RETRY)
        replayed = pk not in self.fresh or item is not self.items[pk]
        return results.of_row(row, self.paused, timezone.now(), replayed=replayed)

    def news(self, item_id: UUID) -> Result:
        """How one awaited item stands."""
        row = self.rows.get(self._key(item_id))
        if self.is_cut_off and (row is None or not self._is_certain(row)):
            return results.deferred(item_id, Code.UNAVAILABLE, results.UNAVAILABLE_RETRY)
        if row is None or (row.item_id, row.owner) != (item_id, self.owner.reference):
            return results.deferred(item_id, Code.UNKNOWN_ITEM, None)
        return results.of_row(row, self.paused, timezone.now(), replayed=True)

    @cached_property
    def paused(self) -> set[str]:
        """Asked for only if some item waits."""
        if self.is_cut_off:
            return {tag for tag, state in self.registrar.tags.items() if state == TagState.PAUSED}
        return set() if all(row.is_finished for row in self.rows.values()) else SyncTag.objects.paused()

    # Receiving

    def _fault(self, item: ItemIn, is_purged: bool) -> Result | None:
        """Why this item would leave no row if it is new."""
        if is_purged:
            return results.of_fault(str(item.id), ItemFault(Code.ID_TOO_OLD, _("What had this id is gone.")))
        if item.tag not in registry:
            return results.deferred(item.id, Code.UNKNOWN_TAG, UNKNOWN_TAG_RETRY)
        try:
            self.registrar.check(item)
        except ItemFault as fault:
            return results.of_fault(str(item.id), fault)
        return None

    def _look_first(self, faults: Collection[UUID]) -> dict[UUID, SyncItem]:
        """Rows that are there before anything is inserted, predecessors included.

        Most deliveries bring only new items, and the insert finds out by itself. Looking first is for the others.
        """
        predecessors = {self._key(item.after) for item in self.items.values() if item.after and item.lane}
        is_new = not any(item.send_count > 1 or item.uploads for item in self.items.values())
        if is_new and not (faults or predecessors or self.allowance.is_short):
            return {}
        return ledger.items().in_bulk([*self.items, *predecessors])

    def _is_held(self, item: ItemIn, receipts: Mapping[UUID, SyncItem]) -> bool | None:
        """Whether the item has to wait for the one before it in its lane; None if the server does not know that one."""
        if not item.lane or item.after is None:
            return False
        before = self._key(item.after)
        if before in receipts:
            # They are applied in order; only what no client waits for is left to a worker.
            return registry[item.tag].mode == Mode.BACKGROUND
        return lanes.blocks(self.rows[before]) if before in self.rows else None

    @database.persistent
    def _store(self, receipts: dict[UUID, SyncItem], saved: Mapping[UUID, list[StoredFile]]) -> None:
        """One commit for all receipts. Which of them are new is known by the delivery in the row: others may have been
        there before, by whatever race, and are kept as they are.
        """
        with database.atomic():
            ledger.insert(list(receipts.values()))
            stored = ledger.items().filter(pk__in=receipts).values_list("pk", "delivery_id")
            fresh = {pk for pk, delivery in stored if delivery == self.delivery.pk}
            if fresh:
                self.delivery.save(force_insert=True)
                files.adopt(saved, fresh)
            if any(self._is_for_workers(receipts[pk]) for pk in fresh):
                calls.call()
            raced = [pk for pk in receipts if pk not in fresh]
            self.rows |= ledger.items().in_bulk(raced) if raced else {}
        self.fresh = dict.fromkeys(pk for pk in receipts if pk in fresh)
        self.rows |= {pk: receipts[pk] for pk in self.fresh}
        announce(self.rows[pk] for pk in self.fresh)

    def _is_for_workers(self, row: SyncItem) -> bool:
        is_paused = self.registrar.tags[row.tag_id] == TagState.PAUSED
        return row.state == ItemState.RECEIVED and row.claimed_at is None and not is_paused

    # Processing

    def _due_replays(self) -> list[UUID]:
        """Replays that are due: open ones, and parked ones whose user asked to try again."""
        fresh = set(self.fresh)
        replays = [
            (self.rows[pk], item)
            for pk, item in self.items.items()
            if pk in self.rows and pk not in fresh and self._is_same(self.rows[pk], item)
        ]
        self._keep_copies()
        reopened = reopening.asked_again((row, item.retry) for row, item in replays)
        return reopened + [row.pk for row, _item in replays if self._is_due(row)]

    def _due_awaited(self) -> list[UUID]:
        awaited = [self.rows[pk] for item_id in self.awaited if (pk := self._key(item_id)) in self.rows]
        return [row.pk for row in awaited if self._is_due(row)]

    def _load_awaited(self) -> None:
        missing = [pk for item_id in self.awaited if (pk := self._key(item_id)) not in self.rows]
        if missing:
            self.rows |= ledger.items().in_bulk(missing)

    def _bring_up_to_date(self, changed: list[SyncItem]) -> None:
        """Rows in the hands of others, given back or reopened are not what they were when they were read."""
        self.rows |= {row.pk: row for row in changed}
        known = {*self.fresh, *(row.pk for row in changed)}
        doubtful = [pk for pk, row in self.rows.items() if row.claimed_at or (pk not in known and self._may_move(row))]
        if doubtful:
            self.rows |= ledger.items().in_bulk(doubtful)

    def _may_move(self, row: SyncItem) -> bool:
        """Whether it was open, or its user asked to open it: also then it may be left to a worker."""
        item = self.items.get(row.pk)
        return self._is_due(row) or (item is not None and item.retry > row.retry)

    def _is_certain(self, row: SyncItem) -> bool:
        """Whether the row is as the database has it, though that is gone: as committed here, or beyond change."""
        if not self.is_cut_off:
            return True
        is_committed = row.pk in self.fresh or any(row is changed for changed in self.changed)
        return row.claimed_at is None and (is_committed or not self._may_move(row))

    def _keep_copies(self) -> None:
        """Keep what came under an id that had other content before: for the operator, nothing is run with it."""
        copies = [
            ConflictingCopy(item_id=pk, fingerprint=item.fingerprint, payload=item.text, received_at=self.now)
            for item in self.sent
            if isinstance(item, ItemIn) and item.fault is None
            if (row := self.rows.get(pk := self._key(item.id))) is not None and not self._is_same(row, item)
        ]
        ConflictingCopy.objects.bulk_create(copies, ignore_conflicts=True)

    def _is_same(self, row: SyncItem, item: ItemIn) -> bool:
        """A row found by key is this item: owner and id, lest a forged collision is merged, and the content."""
        return (row.item_id, row.owner) == (item.id, self.owner.reference) and item.has_content(row.fingerprint)

    def _is_due(self, row: SyncItem) -> bool:
        return row.next_at is not None and row.next_at <= timezone.now()

    # What the parts need

    def _registrar(self, envelope: Envelope, permits: Permits, user_agent: str) -> Registrar:
        offset = None if envelope.sent_at is None else self.now - envelope.sent_at
        said = envelope.client
        client = None if said is None else clients.note(said, self.owner, user_agent, offset, self.now)
        delivery = Delivery(
            pk=uuid7(),
            owner=self.owner.reference,
            client=client,
            trigger=envelope.trigger,
            sync_tag=envelope.sync_tag,
            last_chance=envelope.last_chance,
            context=envelope.context,
            items=len(envelope.items),
            sent_at=corrected(envelope.sent_at, None),
            received_at=self.now,
        )
        return Registrar(
            owner=self.owner,
            client=client,
            delivery=delivery,
            clock_offset=offset,
            tags=SyncTag.objects.states({item.tag for item in self.items.values()} & registry.keys()),
            permits=permits,
            now=self.now,
        )

    def _try(self, hand: Hand) -> Try:
        # By the time of a second look, what was applied before may have changed the user.
        user = self.owner.user if hand == Hand.RECEIPT else None
        return Try(hand=hand, delivery=self.delivery, deadline=self.deadline, user=user)

    def _key(self, item_id: UUID) -> UUID:
        return item_key(self.owner.reference, item_id)


def _read(raw: Any, uploads: Mapping[UUID, Sequence[Upload]]) -> ItemIn | Result:
    try:
        return read_item(raw, max_depth=settings.MAX_JSON_DEPTH, uploads=uploads)
    except ItemFault as fault:
        return results.of_fault(claimed_id(raw), fault)
