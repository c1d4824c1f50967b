"""Taking a delivery: receipts first, then effects, and one result per item in the order of the request."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.utils import timezone

from django_bgsync import conf, database, outboxes
from django_bgsync.applying import lanes, results
from django_bgsync.applying.claims import Claim
from django_bgsync.applying.processing import apply, bring_forward
from django_bgsync.applying.tries import Try
from django_bgsync.conf import settings
from django_bgsync.enums import Code, Hand, TagState
from django_bgsync.exceptions import Throttled, TooLarge
from django_bgsync.handlers import registry
from django_bgsync.identity import item_key, uuid7
from django_bgsync.milestones import Milestone, reach
from django_bgsync.models import ConflictingCopy, Delivery, SyncClient, SyncItem, SyncTag
from django_bgsync.owners import Owner
from django_bgsync.protocol import Envelope, Result
from django_bgsync.receiving import arrivals, clients, reopening, replays, throttling
from django_bgsync.receiving.arrivals import Arrival
from django_bgsync.receiving.receipts import Permits, corrected, terms
from django_bgsync.receiving.reception import receive
from django_bgsync.receiving.throttling import Allowance
from django_bgsync.rows import ledger

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
    more items than `MAX_ITEMS`, ClientRevoked, and Throttled for a new client too many, or if that is the answer to
    every item. When it raises, or its process ends, each item is either unknown to the server or stored; a replay finds
    out which.
    """
    if len(envelope.items) > settings.MAX_ITEMS:
        raise TooLarge(f"{len(envelope.items)} items; {settings.MAX_ITEMS} are allowed.", limits=conf.limits())
    batch = _Batch(envelope, owner, permits, user_agent, sender)
    allowance = throttling.take(sender, len(batch.sent))
    batch.receive(allowance)
    if batch.is_throttled(allowance):
        raise Throttled(retry_after=allowance.retry_after)
    reach(Milestone.RECEIVED)
    batch.process()
    answer = batch.answer()
    reach(Milestone.BEFORE_RESPONSE)
    return answer


class _Batch:
    """One delivery on its way through the server."""

    def __init__(self, envelope: Envelope, owner: Owner, permits: Permits, user_agent: str, sender: str) -> None:
        self.owner = owner
        self.now = timezone.now()
        self.deadline = time.monotonic() + conf.seconds(settings.TIME_BUDGET)
        self.sent = arrivals.read(envelope, owner)
        self.arrivals = arrivals.distinct(self.sent)
        self.awaited = [(item_id, item_key(owner.reference, item_id)) for item_id in envelope.awaiting]
        offset = None if envelope.sent_at is None else self.now - envelope.sent_at
        said = envelope.client
        client: SyncClient | None = None
        if said is not None:
            brought = len(self.sent)
            client = clients.note(said, owner, user_agent, offset, self.now, brought=brought, sender=sender)
        self.delivery = _delivery(envelope, owner, client, self.now)
        self.tags = SyncTag.objects.using(database.alias()).states(
            {arrival.item.tag for arrival in self.arrivals.values()} & registry.keys()
        )
        self.terms = terms(self.tags, permits, owner=owner, delivery=self.delivery, clock_offset=offset)
        self.changed: list[SyncItem] = []
        self.is_cut_off = False

    def receive(self, allowance: Allowance) -> None:
        """Commit a receipt for every item that is new."""
        self.allowance = allowance
        received = receive(self.arrivals, self.terms, self.delivery, allowance)
        self.rows, self.fresh, self.refused = received.rows, received.fresh, received.refused

    def is_throttled(self, allowance: Allowance) -> bool:
        """Whether nothing was taken because of the throttle, nor can anything else be said."""
        if not allowance.is_short or not all(isinstance(arrival, Arrival) for arrival in self.sent):
            return False
        return all(pk in self.refused and self.refused[pk].code == Code.THROTTLED for pk in self.arrivals)

    def process(self) -> None:
        """Apply what is new, bring forward what is due, and read again what others may have changed meanwhile.

        If the database goes away, what is certain by then is answered, and the rest is `unavailable`. Raises if
        nothing is.
        """
        try:
            self._process()
        except database.LOST:
            self.is_cut_off = True
            self.rows |= {row.id: row for row in self.changed}
            if not any(self._is_certain(self.rows[pk]) for pk in self.arrivals if pk in self.rows):
                raise
            logger.warning("The database is gone in the middle of delivery %s.", self.delivery.id, exc_info=True)

    def _process(self) -> None:
        received = list(self.fresh.values())
        claims = [Claim.on(row, self.terms[row.tag_id].handler) for row in received if row.claimed_at is not None]
        self.changed += apply(claims, self._try(Hand.RECEIPT, self.owner.user))
        freed = lanes.release(self.changed) + lanes.look_again([*received, *self.changed])
        self.changed += bring_forward(freed, self._try(Hand.RECEIPT))
        self.changed += bring_forward(self._due_replays(), self._try(Hand.REPLAY))
        self._load_awaited()
        self.changed += bring_forward(self._due_awaited(), self._try(Hand.AWAITING))
        self._bring_up_to_date()
        replays.count(self._replayed(), self.now)

    def answer(self) -> Answer:
        """How all that was sent, and all that is awaited, stands."""
        now = timezone.now()
        return Answer(
            delivery=self.delivery.id,
            results=[self._result(arrival, now) for arrival in self.sent],
            settled=[self._news(item_id, pk, now) for item_id, pk in self.awaited],
        )

    def _result(self, arrival: Arrival | Result, now: datetime) -> Result:
        if isinstance(arrival, Result):
            return arrival
        row = self.rows.get(arrival.pk)
        if row is None or (arrival.pk in self.refused and arrival.is_of(row)):
            return self.refused[arrival.pk]
        is_new = arrival.pk in self.fresh and arrival is self.arrivals[arrival.pk]
        if not is_new and not arrival.is_of(row):
            return results.of_mismatch(arrival.item.id)
        if not self._is_certain(row):
            return results.deferred(arrival.item.id, Code.UNAVAILABLE, results.UNAVAILABLE_RETRY)
        return results.of_row(row, self.paused, now, replayed=not is_new)

    def _news(self, item_id: UUID, pk: UUID, now: datetime) -> Result:
        row = self.rows.get(pk)
        if self.is_cut_off and (row is None or not self._is_certain(row)):
            return results.deferred(item_id, Code.UNAVAILABLE, results.UNAVAILABLE_RETRY)
        if row is None or (row.item_id, row.owner) != (item_id, self.owner.reference):
            return results.deferred(item_id, Code.UNKNOWN_ITEM, None)
        return results.of_row(row, self.paused, now, replayed=True)

    @cached_property
    def paused(self) -> set[str]:
        """Asked for only if some item waits."""
        if self.is_cut_off:
            return {tag for tag, state in self.tags.items() if state == TagState.PAUSED}
        return (
            set()
            if all(row.is_finished for row in self.rows.values())
            else SyncTag.objects.using(database.alias()).paused()
        )

    # Processing

    def _due_replays(self) -> list[UUID]:
        """Replays that are due: open ones, and parked ones whose user asked to try again."""
        if len(self.fresh) == len(self.sent):
            return []
        self._keep_copies()
        replays = [
            (row, arrival.item.retry)
            for pk, arrival in self.arrivals.items()
            if pk not in self.fresh and (row := self.rows.get(pk)) is not None and arrival.is_of(row)
        ]
        asked = [(row, retry) for row, retry in replays if self._may_reopen(row) and reopening.is_asked(row, retry)]
        if self.allowance.is_short:  # each would run a handler, as a new one does
            asked = self._put_off(asked)
        return reopening.asked_again(asked) + [row.id for row, _retry in replays if self._is_due(row)]

    def _put_off(self, asked: list[tuple[SyncItem, int]]) -> list[tuple[SyncItem, int]]:
        """Leave to a later delivery what the throttle does not allow any more; returns the others."""
        granted = self.allowance.granted - len(self.fresh)
        for row, _retry in asked[granted:]:
            self.refused[row.pk] = results.deferred(row.item_id, Code.THROTTLED, self.allowance.retry_after)
        return asked[:granted]

    def _may_reopen(self, row: SyncItem) -> bool:
        """Whether the sender may have it tried again: what a new item would be refused for is asked again."""
        return row.tag_id in self.terms and self.terms[row.tag_id].may_reopen(row)

    def _due_awaited(self) -> list[UUID]:
        return [pk for _item_id, pk in self.awaited if pk in self.rows and self._is_due(self.rows[pk])]

    def _load_awaited(self) -> None:
        if missing := [pk for _item_id, pk in self.awaited if pk not in self.rows]:
            self.rows |= ledger.known(missing)

    def _bring_up_to_date(self) -> None:
        """Rows in the hands of others, given back or reopened are not what they were when they were read."""
        self.rows |= {row.id: row for row in self.changed}
        if len(self.rows) == len(self.changed) == len(self.fresh):
            return
        known = {*self.fresh, *(row.id for row in self.changed)}
        doubtful = [pk for pk, row in self.rows.items() if row.claimed_at or (pk not in known and self._may_move(row))]
        if doubtful:
            self.rows |= ledger.known(doubtful)

    def _replayed(self) -> list[SyncItem]:
        """What was there before, and is still as it was."""
        if len(self.fresh) == len(self.sent):
            return []
        known = self.rows.keys() & self.arrivals.keys() - self.fresh.keys() - {row.id for row in self.changed}
        return [self.rows[pk] for pk in known if self.arrivals[pk].is_of(self.rows[pk])]

    def _may_move(self, row: SyncItem) -> bool:
        """Whether it was open, or its user asked to open it: also then it may be left to a worker."""
        arrival = self.arrivals.get(row.id)
        return self._is_due(row) or (arrival is not None and arrival.item.retry > row.retry)

    def _is_certain(self, row: SyncItem) -> bool:
        """Whether the row is as the database has it, though that is gone: as committed here, or beyond change."""
        if not self.is_cut_off:
            return True
        is_committed = row.id in self.fresh or any(row is changed for changed in self.changed)
        return row.claimed_at is None and (is_committed or not self._may_move(row))

    def _keep_copies(self) -> None:
        """Keep what came under an id that had other content before: for the operator, nothing is run with it."""
        copies = [
            ConflictingCopy(
                item_id=arrival.pk,
                fingerprint=arrival.item.fingerprint,
                payload=arrival.item.text,
                received_at=self.now,
            )
            for arrival in self.sent
            if isinstance(arrival, Arrival) and arrival.item.fault is None
            if (row := self.rows.get(arrival.pk)) is not None and not arrival.is_of(row)
        ]
        ConflictingCopy.objects.bulk_create(copies, ignore_conflicts=True)

    def _is_due(self, row: SyncItem) -> bool:
        return row.next_at is not None and row.next_at <= timezone.now()

    def _try(self, hand: Hand, user: Any = None) -> Try:
        # Only the first has a user: by the time of the others, what was applied before may have changed him.
        return Try(hand=hand, delivery=self.delivery, deadline=self.deadline, users=[] if user is None else [user])


def _delivery(envelope: Envelope, owner: Owner, client: SyncClient | None, now: datetime) -> Delivery:
    held = outboxes.read(envelope.client.outbox if envelope.client else None)
    return Delivery(
        pk=uuid7(),
        owner=owner.reference,
        client=client,
        trigger=envelope.trigger,
        sync_tag=envelope.sync_tag,
        last_chance=envelope.last_chance,
        context=envelope.context,
        items=len(envelope.items),
        pending=held.pending,
        parked=held.parked,
        oldest_at=held.oldest_at,
        sent_at=corrected(envelope.sent_at, None),
        received_at=now,
    )
