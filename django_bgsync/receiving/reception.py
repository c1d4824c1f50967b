"""The first transaction of a delivery: a committed receipt for every item that is new, before anything is run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db import OperationalError
from django.utils.translation import gettext as _

from django_bgsync import database, files
from django_bgsync.applying import lanes, results
from django_bgsync.applying.announcements import announce
from django_bgsync.enums import Code, Mode
from django_bgsync.exceptions import ItemFault
from django_bgsync.handlers import registry
from django_bgsync.models import Delivery, StoredFile, SyncItem
from django_bgsync.protocol import Result
from django_bgsync.receiving.arrivals import Arrival
from django_bgsync.receiving.receipts import Terms
from django_bgsync.receiving.throttling import Allowance
from django_bgsync.rows import ledger
from django_bgsync.runners import calls
from django_bgsync.upkeep import retention

UNKNOWN_TAG_RETRY = 3600
"""Seconds: a new client that meets an old server waits until the deployment is over."""
OUT_OF_ORDER_RETRY = 5
"""Seconds: the item before it is on its way, or the next delivery will name another one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """What the server has of a delivery now, by primary key."""

    rows: dict[UUID, SyncItem] = field(default_factory=dict)
    """All that are known: new ones, those that were there before, and predecessors."""
    fresh: dict[UUID, SyncItem] = field(default_factory=dict)
    """Those of which this delivery brought the receipt, in the order of the request."""
    refused: dict[UUID, Result] = field(default_factory=dict)
    """What left no row."""


def receive(
    arrivals: Mapping[UUID, Arrival], terms: Mapping[str, Terms], delivery: Delivery, allowance: Allowance
) -> Received:
    """Commit a receipt for every item that is new, as many as the throttle allows."""
    faults = _faults(arrivals, terms)
    received = Received(rows=_look_first(arrivals, faults, allowance))
    receipts: dict[UUID, SyncItem] = {}
    for pk, arrival in arrivals.items():
        if pk in received.rows:
            continue
        if allowance.is_short and len(receipts) == allowance.granted:
            received.refused[pk] = results.deferred(arrival.item.id, Code.THROTTLED, allowance.retry_after)
        elif faults and pk in faults:
            received.refused[pk] = faults[pk]
        elif (is_held := _is_held(arrival, receipts, received.rows)) is None:
            received.refused[pk] = results.deferred(arrival.item.id, Code.OUT_OF_ORDER, OUT_OF_ORDER_RETRY)
        else:
            receipts[pk] = terms[arrival.item.tag].receipt(arrival, is_held=is_held)
    if receipts:
        uploads = {
            pk: uploads for pk, arrival in arrivals.items() if (uploads := arrival.item.uploads) and pk in receipts
        }
        _store(receipts, terms, delivery, files.save(uploads, delivery.received_at), received)
    return received


def _faults(arrivals: Mapping[UUID, Arrival], terms: Mapping[str, Terms]) -> dict[UUID, Result]:
    """Why items would leave no row if they are new. An unknown tag is only put off: it may come to be known."""
    purged = retention.purged(arrivals)
    faults: dict[UUID, Result] = {}
    for pk, arrival in arrivals.items():
        item = arrival.item
        if pk in purged:
            fault = ItemFault(Code.ID_TOO_OLD, _("What had this id is gone."))
            faults[pk] = results.of_fault(str(item.id), fault)
        elif item.tag not in terms:
            faults[pk] = results.deferred(item.id, Code.UNKNOWN_TAG, UNKNOWN_TAG_RETRY)
        else:
            try:
                terms[item.tag].check(item)
            except ItemFault as fault:
                faults[pk] = results.of_fault(str(item.id), fault)
    return faults


def _look_first(
    arrivals: Mapping[UUID, Arrival], faults: Collection[UUID], allowance: Allowance
) -> dict[UUID, SyncItem]:
    """Rows that are there before anything is inserted, predecessors included.

    Most deliveries bring only new items, and the insert finds out by itself. Looking first is for the others.
    """
    predecessors = {arrival.before for arrival in arrivals.values() if arrival.before is not None}
    is_new = not any(arrival.item.send_count > 1 or arrival.item.uploads for arrival in arrivals.values())
    if is_new and not (faults or predecessors or allowance.is_short):
        return {}
    return ledger.known([*arrivals, *predecessors])


def _is_held(arrival: Arrival, receipts: Mapping[UUID, SyncItem], rows: Mapping[UUID, SyncItem]) -> bool | None:
    """Whether the item has to wait for the one before it in its lane; None if the server does not know that one."""
    if arrival.before is None:
        return False
    if arrival.before in receipts:
        # They are applied in order; only what no client waits for is left to a worker.
        return registry[arrival.item.tag].mode == Mode.BACKGROUND
    return lanes.blocks(rows[arrival.before]) if arrival.before in rows else None


@database.persistent
def _store(
    receipts: dict[UUID, SyncItem],
    terms: Mapping[str, Terms],
    delivery: Delivery,
    saved: Mapping[UUID, list[StoredFile]],
    received: Received,
) -> None:
    """Commit the receipts. After a conflict, those that others have stored meanwhile are left out: an insert of them
    would wait for whoever holds their rows.
    """
    try:
        _commit(receipts, terms, delivery, saved, received)
    except OperationalError as error:
        if not database.is_transient(error):
            raise
        met = ledger.known(receipts)
        received.rows.update(met)
        for pk in met:
            del receipts[pk]
        if receipts:
            raise


def _commit(
    receipts: Mapping[UUID, SyncItem],
    terms: Mapping[str, Terms],
    delivery: Delivery,
    saved: Mapping[UUID, list[StoredFile]],
    received: Received,
) -> None:
    """One commit for all receipts, the files that came with them, and the call for a worker."""
    for_workers = {pk for pk, row in receipts.items() if terms[row.tag_id].is_for_workers(row)}
    with database.atomic() if saved or for_workers else ledger.receiving():
        with database.short_waits():
            new = ledger.receive(list(receipts.values()), delivery)
        if saved:
            files.adopt(saved, new)
        if for_workers & new:
            calls.call()
    if len(new) < len(receipts):
        received.rows.update(ledger.known(receipts.keys() - new))
        receipts = {pk: row for pk, row in receipts.items() if pk in new}
    received.fresh.update(receipts)
    received.rows.update(receipts)
    announce(receipts.values())
