"""The items of one delivery as they arrive: read one by one, so that a bad one spoils no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django_bgsync.applying import results
from django_bgsync.conf import settings
from django_bgsync.exceptions import ItemFault
from django_bgsync.identity import item_key
from django_bgsync.models import SyncItem
from django_bgsync.owners import Owner
from django_bgsync.protocol import Envelope, ItemIn, Result, Upload, claimed_id, read_item


class Arrival(NamedTuple):
    """A readable item of a delivery, and the primary key that its row has or would have."""

    pk: UUID
    before: UUID | None
    """The key of the item before it in its lane."""
    item: ItemIn
    owner: str

    def is_of(self, row: SyncItem) -> bool:
        """A row found by key is this item: owner and id, lest a forged collision is merged, and the content."""
        return (row.item_id, row.owner) == (self.item.id, self.owner) and self.item.has_content(row.fingerprint)


def read(envelope: Envelope, owner: Owner) -> list[Arrival | Result]:
    """The items in the order of the request; in the place of an unreadable one the answer to it."""
    depth, uploads = settings.MAX_JSON_DEPTH, envelope.uploads
    return [_read(raw, owner.reference, depth, uploads) for raw in envelope.items]


def distinct(sent: Iterable[Arrival | Result]) -> dict[UUID, Arrival]:
    """The readable ones by primary key, in the order of the request; of one id the first that can be stored."""
    arrivals: dict[UUID, Arrival] = {}
    for arrival in sent:
        if isinstance(arrival, Arrival) and arrivals.setdefault(arrival.pk, arrival).item.fault is not None:
            arrivals[arrival.pk] = arrival
    return arrivals


def _read(raw: Any, owner: str, max_depth: int, uploads: Mapping[UUID, Sequence[Upload]]) -> Arrival | Result:
    try:
        item = read_item(raw, max_depth=max_depth, uploads=uploads)
    except ItemFault as fault:
        return results.of_fault(claimed_id(raw), fault)
    before = item_key(owner, item.after) if item.after is not None and item.lane else None
    return Arrival(item_key(owner, item.id), before, item, owner)
