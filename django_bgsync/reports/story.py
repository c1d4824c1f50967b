"""One item's story: from the device's clock to the last commit, with what came with it and its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from django_bgsync.enums import ItemState
from django_bgsync.models import ConflictingCopy, Delivery, DeliveryAttempt, ItemNote, StoredFile, SyncItem

MOST_ATTEMPTS = 100
NEIGHBOURS = 5
"""In each direction of a lane."""
MOST_HELD = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One thing that happened, or will."""

    at: datetime
    kind: str
    """`made`, `received`, `tried`, `noted`, `repeated`, `taken` (somebody is at it) or `due`."""
    subject: Any = None
    """The delivery, attempt or note that tells of it."""
    since: timedelta | None = None
    """After the moment before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    item: SyncItem
    moments: list[Moment]
    is_whole: bool
    """Whether every attempt is among the moments, and not only the last ones."""
    files: list[StoredFile]
    copy: ConflictingCopy | None
    """Other content that came under this id."""
    before: list[SyncItem]
    """Of its lane, in the order of their receipt."""
    after: list[SyncItem]
    held: int
    """Items of its lane that are held; at most `MOST_HELD` are counted."""


def of(item: SyncItem) -> Story:
    attempts = list(DeliveryAttempt.objects.filter(item=item.pk).order_by("-number", "-pk")[: MOST_ATTEMPTS + 1])
    is_whole = len(attempts) <= MOST_ATTEMPTS
    attempts = attempts[:MOST_ATTEMPTS][::-1]
    before, after, held = _lane(item)
    return Story(
        item=item,
        moments=_moments(item, attempts),
        is_whole=is_whole,
        files=list(StoredFile.objects.filter(item=item.pk).order_by("name")) if item.file_count else [],
        copy=ConflictingCopy.objects.filter(pk=item.pk).first(),
        before=before,
        after=after,
        held=held,
    )


def _moments(item: SyncItem, attempts: list[DeliveryAttempt]) -> list[Moment]:
    keys = {item.delivery_id, *(attempt.delivery_id for attempt in attempts)} - {None}
    deliveries = Delivery.objects.in_bulk(keys)
    for attempt in attempts:
        # Set, so that no template asks for it again, one by one; None where retention has removed it.
        DeliveryAttempt.delivery.field.set_cached_value(attempt, deliveries.get(attempt.delivery_id))
    notes = ItemNote.objects.filter(item=item.pk).select_related("action").order_by("-pk")[:MOST_ATTEMPTS]
    noted = [Moment(at=note.noted_at, kind="noted", subject=note) for note in notes]
    return _with_gaps([*_arrival(item, deliveries.get(item.delivery_id)), *_tries(attempts), *noted, *_outlook(item)])


def _arrival(item: SyncItem, delivery: Delivery | None) -> list[Moment]:
    made = [Moment(at=item.created_at, kind="made")] if item.created_at else []
    return [*made, Moment(at=item.received_at, kind="received", subject=delivery)]


def _tries(attempts: list[DeliveryAttempt]) -> list[Moment]:
    return [Moment(at=attempt.started_at, kind="tried", subject=attempt) for attempt in attempts if attempt.started_at]


def _outlook(item: SyncItem) -> list[Moment]:
    """What is not an attempt: replays, a try that is under way, and when somebody looks again."""
    found = [Moment(at=item.last_replay_at, kind="repeated")] if item.last_replay_at else []
    if item.claimed_at:
        found.append(Moment(at=item.claimed_at, kind="taken"))
    elif item.next_at and not item.is_finished:
        found.append(Moment(at=item.next_at, kind="due"))
    return found


def _with_gaps(moments: list[Moment]) -> list[Moment]:
    # A due time lies in the past, too, while nobody works: it is still what comes last.
    ordered = sorted(moments, key=lambda moment: (moment.kind == "due", moment.at))
    return [
        Moment(at=each.at, kind=each.kind, subject=each.subject, since=each.at - last.at if last else None)
        for each, last in zip(ordered, [None, *ordered], strict=False)
    ]


def _lane(item: SyncItem) -> tuple[list[SyncItem], list[SyncItem], int]:
    if not item.lane:
        return [], [], 0
    rows = _of_lane(item)
    place = Q(received_at=item.received_at)
    if item.seq is None:
        earlier, later = place & Q(pk__lt=item.pk), place & Q(pk__gt=item.pk)
    else:
        earlier, later = place & Q(seq__lt=item.seq), place & Q(seq__gt=item.seq)
    before = rows.filter(received_at__lte=item.received_at).filter(earlier | Q(received_at__lt=item.received_at))
    after = rows.filter(received_at__gte=item.received_at).filter(later | Q(received_at__gt=item.received_at))
    held = rows.filter(state=ItemState.HELD)[:MOST_HELD]
    return (
        list(before.order_by("-received_at", "-seq", "-pk")[:NEIGHBOURS])[::-1],
        list(after.order_by("received_at", "seq", "pk")[:NEIGHBOURS]),
        held.count(),
    )


def _of_lane(item: SyncItem) -> QuerySet[SyncItem]:
    whose = {"client": item.client_id} if item.client_id else {"client": None}
    rows = SyncItem.objects.filter(owner=item.owner, lane=item.lane, **whose)
    return rows.only("item_id", "state", "code", "received_at", "tag", "after", "seq")
