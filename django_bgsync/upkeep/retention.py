"""Forgetting: what is removed when, and how a replay of what is gone is still known.

An id minted before the cutoff that has no row was purged, and is never run. An id that says no time (UUIDv4, keys of
`idempotent`), or one before `BEGINNING`, leaves a tombstone instead. `prune` only removes the rows that an earlier run
has declared gone: a delivery that is under way may have looked before this run did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from django_bgsync import conf, database, files
from django_bgsync.conf import settings
from django_bgsync.enums import Code, ItemState
from django_bgsync.handlers import registry
from django_bgsync.identity import first_key
from django_bgsync.models import (
    BOUND,
    ConflictingCopy,
    Delivery,
    DeliveryAttempt,
    FeedPull,
    ItemNote,
    PurgedRange,
    SyncClient,
    SyncItem,
    Tombstone,
)
from django_bgsync.querysets import ItemQuerySet
from django_bgsync.rows import ledger
from django_bgsync.upkeep import rollups

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
"""Devices whose clock says less have lost it; their ids say nothing about time."""
SHORTEST = timedelta(days=1)
"""No setting makes an item shorter-lived, so for younger ids nobody has to look."""
CHUNK = 1000

Removal = Callable[[list[UUID]], object]


def purged(keys: Iterable[UUID]) -> set[UUID]:
    """Which of these primary keys of items, if they have no row, belong to items that are gone."""
    young = first_key(timezone.now() - SHORTEST).int
    old = {key for key in keys if key.int < young}
    if not old:
        return set()
    beginning, end = first_key(BEGINNING), first_key(_cutoff())
    covered = {key for key in old if beginning <= key < end}
    tombstones = Tombstone.objects.using(database.alias()).filter(pk__in=old - covered)
    return covered | set(tombstones.values_list("pk", flat=True) if old - covered else ())


def prune(*, dry_run: bool = False) -> dict[str, int]:
    """Remove what the settings no longer keep, and declare gone what the next run will remove. Returns counts."""
    now = timezone.now()
    if not dry_run:
        rollups.roll_up()
    counted = rollups.not_counted_again(now)
    steps: dict[str, tuple[QuerySet[Any], Removal]] = {
        "items": (_gone(), _remove_items),
        "payloads": (_with_old_payload(now), _remove_payloads),
        "attempts": (_older(DeliveryAttempt, min(now - _kept("RETAIN_ATTEMPTS"), counted)), _deleting(DeliveryAttempt)),
        "notes": (_older(ItemNote, now - _kept("RETAIN_ITEMS")), _deleting(ItemNote)),
        "deliveries": (_older(Delivery, now - _kept("RETAIN_DELIVERIES")), _deleting(Delivery)),
        "pulls": (_older(FeedPull, now - _kept("RETAIN_DELIVERIES")), _deleting(FeedPull)),
        "clients": (_silent(now), lambda pks: _silent(now).filter(pk__in=pks).delete()),
    }
    counts = {name: rows.count() if dry_run else _in_chunks(rows, act) for name, (rows, act) in steps.items()}
    if not dry_run:
        _declare_gone(now - _kept("RETAIN_ITEMS"))
    return counts


def _cutoff() -> datetime:
    rows = PurgedRange.objects.using(database.alias()).order_by("-cutoff")
    return rows.values_list("cutoff", flat=True).first() or BEGINNING


def _declare_gone(cutoff: datetime) -> None:
    """Move the cutoff, never back, and bury what it does not cover."""
    if cutoff > _cutoff():
        PurgedRange.objects.using(database.alias()).update_or_create(pk=1, defaults={"cutoff": cutoff})
    undated = _removable(cutoff).filter(pk__lt=first_key(BEGINNING)).exclude(_is_buried())
    _in_chunks(undated, _bury)


def _bury(pks: list[UUID]) -> None:
    now = timezone.now()
    prints = ledger.items().filter(pk__in=pks).values_list("pk", "fingerprint")
    graves = [Tombstone(pk=pk, fingerprint=fingerprint, buried_at=now) for pk, fingerprint in prints]
    Tombstone.objects.using(database.alias()).bulk_create(graves, ignore_conflicts=True)


def _gone() -> ItemQuerySet:
    """The rows of what an earlier run declared gone."""
    cutoff = _cutoff()
    covered = Q(pk__gte=first_key(BEGINNING), pk__lt=first_key(cutoff))
    return _removable(cutoff).filter(covered | Q(_is_buried()))


def _removable(cutoff: datetime) -> ItemQuerySet:
    """Finished items of before. Those that somebody still has to look at stay."""
    old = ledger.items().filter(received_at__lt=cutoff)
    return old.exclude(state__in=ItemState.unfinished()).exclude(code=Code.DEAD)


def _is_buried() -> Exists:
    return Exists(Tombstone.objects.filter(pk=OuterRef("pk")))


def _with_old_payload(now: datetime) -> ItemQuerySet:
    """Items that were applied or discarded long enough ago for their handler, or for the settings."""
    done = ledger.items().filter(Q(state=ItemState.APPLIED) | Q(code=Code.DISCARDED), payload__isnull=False)
    by_default = Q(finished_at__lt=now - _kept("RETAIN_PAYLOADS"))
    special = {tag: handler.retain_payload for tag, handler in registry.items() if handler.retain_payload is not None}
    due = by_default & ~Q(tag__in=special)
    for tag, retained in special.items():
        if retained != "always":
            kept = retained if isinstance(retained, timedelta) else timedelta(0)
            due |= Q(tag=tag, finished_at__lt=now - kept)
    return done.filter(due)


def _silent(now: datetime) -> QuerySet[SyncClient]:
    """Clients that were not heard of for as long as items are kept, and have none. What was revoked stays, or it would
    be let in again, and so do visitors who have become users: their ids would be anybody's.
    """
    old = SyncClient.objects.using(database.alias()).filter(last_seen__lt=now - _kept("RETAIN_ITEMS"), revoked_at=None)
    return old.exclude(BOUND).exclude(Exists(SyncItem.objects.filter(client=OuterRef("pk"))))


def _older(model: type[Model], instant: datetime) -> QuerySet[Any]:
    """Rows that the server made before: the time is in their keys."""
    return model._default_manager.using(database.alias()).filter(pk__lt=first_key(instant, version=7))


def _remove_items(pks: list[UUID]) -> None:
    """With all that belongs to them, in one commit; then the bytes of their files, which take a while. Looked at again
    under the lock: somebody may have opened one meanwhile, which then stays as it is.
    """
    with database.atomic():
        rows = _removable(_cutoff()).filter(pk__in=pks).select_for_update().order_by("pk")
        gone = list(rows.values_list("pk", flat=True))
        orphans = files.abandon(gone)
        ConflictingCopy.objects.using(database.alias()).filter(pk__in=gone).delete()
        ledger.items().filter(pk__in=gone).delete()
    files.remove(orphans)


def _remove_payloads(pks: list[UUID]) -> None:
    files.remove_of(pks)
    ConflictingCopy.objects.using(database.alias()).filter(pk__in=pks).delete()
    ledger.items().filter(pk__in=pks).update(payload=None, file_count=0)


def _deleting(model: type[Model]) -> Removal:
    return lambda pks: model._default_manager.using(database.alias()).filter(pk__in=pks).delete()


def _in_chunks(rows: QuerySet[Any], act: Removal) -> int:
    """A commit for each chunk: a long one would hold up the vacuum, and everybody who wants its rows."""
    acted = 0
    for pks in _chunks(rows):
        act(pks)
        acted += len(pks)
    return acted


def _chunks(rows: QuerySet[Any]) -> Iterator[list[UUID]]:
    pks = rows.order_by("pk").values_list("pk", flat=True)
    chunk = list(pks[:CHUNK])
    while chunk:
        yield chunk
        chunk = list(pks.filter(pk__gt=chunk[-1])[:CHUNK])


def _kept(name: str) -> timedelta:
    return timedelta(seconds=conf.seconds(getattr(settings, name)))
