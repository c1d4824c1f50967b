"""Deciding which items of a delivery are stored, and as what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from django_bgsync import conf
from django_bgsync.enums import Code, Hand, ItemState, Mode, TagState
from django_bgsync.exceptions import ItemFault
from django_bgsync.handlers import Handler, registry
from django_bgsync.models import Delivery, SyncClient, SyncItem
from django_bgsync.owners import Owner
from django_bgsync.protocol import ItemIn
from django_bgsync.verdicts import Verdict, rejected

STORABLE_YEARS = range(1971, 9999)
"""A device's clock may say anything; MariaDB begins at the year 1000, and shifting by an offset must not overflow."""
Permits = Callable[[Handler], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Registrar:
    """Makes the receipts of one delivery."""

    owner: Owner
    client: SyncClient | None
    delivery: Delivery
    clock_offset: timedelta | None
    """Server minus device."""
    tags: Mapping[str, TagState]
    permits: Permits
    now: datetime

    def check(self, item: ItemIn) -> None:
        """Raises ItemFault for a new item that leaves no row. An unknown tag is not looked at here: it may come to be
        known.
        """
        handler = registry[item.tag]
        created_at = corrected(item.created_at, self.clock_offset)
        if handler.max_age is not None and created_at is not None and self.now - created_at > handler.max_age:
            raise ItemFault(Code.EXPIRED, _("This is too old: it was made %s.") % created_at.isoformat())
        if item.size > (maximum := handler.max_bytes or conf.settings.MAX_ITEM_BYTES):
            raise ItemFault(Code.TOO_LARGE, f"payload is {item.size} bytes; {maximum} are allowed.")
        if item.fault is not None:
            raise item.fault

    def receipt(self, pk: UUID, item: ItemIn, *, is_held: bool) -> SyncItem:
        """The row of a new item. One that can be tried at once carries its first claim."""
        row = self._row(pk, item)
        handler = registry[item.tag]
        if (verdict := self._refusal(handler)) is not None:
            row.state, row.code, row.problem = verdict.state, verdict.code, verdict.problem
            row.next_at, row.finished_at = None, self.now
        elif is_held:
            row.state = ItemState.HELD
        elif handler.mode == Mode.INLINE and self.tags[item.tag] != TagState.PAUSED:
            row.attempts, row.claimed_at, row.claimed_by = 1, self.now, Hand.RECEIPT
        return row

    def _refusal(self, handler: Handler) -> Verdict | None:
        if self.tags[handler.tag] == TagState.CLOSED:
            return rejected(Code.TAG_CLOSED, _("This is closed."))
        if not self.permits(handler):
            return rejected(Code.FORBIDDEN, _("You are not allowed to do this."))
        return None

    def _row(self, pk: UUID, item: ItemIn) -> SyncItem:
        return SyncItem(
            pk=pk,
            item_id=item.id,
            owner=self.owner.reference,
            user_id=self.owner.user_id,
            client=self.client,
            tag_id=item.tag,
            delivery_id=self.delivery.pk,
            lane=item.lane,
            after=item.after,
            seq=item.seq,
            fingerprint=item.fingerprint,
            payload=item.text,
            size=item.size,
            file_count=len(item.uploads),
            created_at=corrected(item.created_at, self.clock_offset),
            received_at=self.now,
            next_at=self.now,
            retry=item.retry,
        )


def corrected(instant: datetime | None, offset: timedelta | None) -> datetime | None:
    """A device's time put right by the offset of its clock; None if it cannot be."""
    if instant is None or instant.year not in STORABLE_YEARS:
        return None
    try:
        shifted = instant + (offset or timedelta(0))
    except OverflowError:
        return None
    return shifted if shifted.year in STORABLE_YEARS else None
