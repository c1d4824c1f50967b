"""Deciding which items of a delivery are stored, and as what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from django_bgsync import conf, database
from django_bgsync.applying.execution import Surroundings, refusal
from django_bgsync.applying.verdicts import rejected
from django_bgsync.enums import Code, Hand, ItemState, Mode, TagState
from django_bgsync.exceptions import ItemFault
from django_bgsync.handlers import Handler, registry
from django_bgsync.models import Delivery, SyncItem
from django_bgsync.owners import Owner
from django_bgsync.protocol import ItemIn, Upload
from django_bgsync.receiving.arrivals import Arrival
from django_bgsync.rows.moulds import Mould

STORABLE_YEARS = range(1971, 9999)
"""A device's clock may say anything; MariaDB begins at the year 1000, and shifting by an offset must not overflow."""
_ITEMS = Mould.of(SyncItem())
Permits = Callable[[Handler], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What the items of one tag have in common in one delivery."""

    handler: Handler
    is_paused: bool
    max_bytes: int
    rows: Mould[SyncItem]
    clock_offset: timedelta | None
    """Server minus device."""
    received_at: datetime
    is_closed: bool
    is_permitted: bool
    """Whether this request may use the handler."""
    around: Callable[[], Surroundings]
    """What a serializer finds at receipt; made when the first one looks."""

    def may_reopen(self, row: SyncItem) -> bool:
        """Whether a sender may have a parked item tried again. Closing concerns what is new, and what it refused."""
        return self.is_permitted and not (self.is_closed and row.code == Code.TAG_CLOSED)

    def check(self, item: ItemIn) -> None:
        """Raises ItemFault for a new item that leaves no row."""
        if self.handler.max_age is not None:
            created_at = corrected(item.created_at, self.clock_offset)
            if created_at is not None and self.received_at - created_at > self.handler.max_age:
                raise ItemFault(Code.EXPIRED, _("This is too old: it was made %s.") % created_at.isoformat())
        if item.size > self.max_bytes:
            raise ItemFault(Code.TOO_LARGE, f"payload is {item.size} bytes; {self.max_bytes} are allowed.")
        if item.fault is not None:
            raise item.fault

    def receipt(self, arrival: Arrival, *, is_held: bool) -> SyncItem:
        """The row of a new item. One that can be tried at once carries its first claim."""
        item = arrival.item
        row = self.rows.cast(
            id=arrival.pk,
            item_id=item.id,
            lane=item.lane,
            after=item.after,
            seq=item.seq,
            fingerprint=item.fingerprint,
            payload=item.text,
            size=item.size,
            file_count=len(item.uploads),
            created_at=corrected(item.created_at, self.clock_offset),
            retry=item.retry,
        )
        if is_held and not row.is_finished:
            row.state = ItemState.HELD
            row.attempts, row.claimed_at, row.claimed_by = 0, None, ""
        if self.handler.validates and row.claimed_at is None and not row.is_finished:
            self._validate(row, item.uploads)
        return row

    def _validate(self, row: SyncItem, uploads: Sequence[Upload]) -> None:
        """What will be tried later is looked at now: its user is still there to hear that it is not valid."""
        files = {each.name: UploadedFile(each.content, each.filename, each.content_type, each.size) for each in uploads}
        if verdict := refusal(self.handler, row, replace(self.around(), files={row.id: files})):
            row.state, row.code, row.problem = verdict.state, verdict.code, verdict.problem
            row.next_at, row.finished_at = None, self.received_at

    def is_for_workers(self, row: SyncItem) -> bool:
        return row.state == ItemState.RECEIVED and row.claimed_at is None and not self.is_paused


def terms(
    tags: Mapping[str, TagState],
    permits: Permits,
    *,
    owner: Owner,
    delivery: Delivery,
    clock_offset: timedelta | None,
) -> dict[str, Terms]:
    """The terms of each of these tags. `permits` tells whether the request may use a handler."""
    common: dict[str, Any] = {
        "owner": owner.reference,
        "user_id": owner.user_id,
        "client_id": delivery.client_id,
        "delivery_id": delivery.id,
        "received_at": delivery.received_at,
        "size": 0,
    }

    @cache
    def around() -> Surroundings:
        return Surroundings.of((), database.Parts(), user=owner.user, delivery=delivery)

    found = {}
    for tag, state in tags.items():
        handler = registry[tag]
        is_permitted = permits(handler)
        found[tag] = Terms(
            handler=handler,
            is_paused=state == TagState.PAUSED,
            max_bytes=handler.max_bytes or conf.settings.MAX_ITEM_BYTES,
            rows=_ITEMS.filled(tag_id=tag, **common, **_beginning(handler, state, is_permitted, delivery.received_at)),
            clock_offset=clock_offset,
            received_at=delivery.received_at,
            is_closed=state == TagState.CLOSED,
            is_permitted=is_permitted,
            around=around,
        )
    return found


def corrected(instant: datetime | None, offset: timedelta | None) -> datetime | None:
    """A device's time put right by the offset of its clock; None if it cannot be."""
    if instant is None or instant.year not in STORABLE_YEARS:
        return None
    try:
        shifted = instant + (offset or timedelta(0))
    except OverflowError:
        return None
    return shifted if shifted.year in STORABLE_YEARS else None


def _beginning(handler: Handler, state: TagState, is_permitted: bool, now: datetime) -> dict[str, Any]:
    """How the life of an item with this handler begins."""
    if state == TagState.CLOSED:
        verdict = rejected(Code.TAG_CLOSED, _("This is closed."))
    elif not is_permitted:
        verdict = rejected(Code.FORBIDDEN, _("You are not allowed to do this."))
    elif handler.mode == Mode.INLINE and state != TagState.PAUSED:
        return {"next_at": now, "attempts": 1, "claimed_at": now, "claimed_by": Hand.RECEIPT}
    else:
        return {"next_at": now}
    return {"state": verdict.state, "code": verdict.code, "problem": verdict.problem, "finished_at": now}
