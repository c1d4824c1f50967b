"""Roll-ups: the figures of each hour, written down before the details are pruned.

An hour is counted when it has been over for a while (`SETTLING`), and again for some hours more (`RECOUNTED`): rows may
be committed well after the time that they name. Counting is the same each time, so it does not matter how often, or by
how many sweepers at once; the figures and the watermark are one commit. A try that is written down much later than it
began, because its process died, is found by its key, which holds the time of writing, and its hour is counted again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.utils import timezone

from django_bgsync import database, histograms, tallies
from django_bgsync.identity import first_key
from django_bgsync.models import DeliveryAttempt, HourlyStat, SyncItem, Watermark
from django_bgsync.tallies import COUNTS, HISTOGRAMS, HOUR, HOURLY, Tallies

SETTLING = timedelta(minutes=10)
RECOUNTED = 3 * HOUR
STEP = 6 * HOUR
"""So many hours are counted at once while catching up, at first."""
LONGEST_STEP = timedelta(days=30)
FEW = 5000
"""Where a step had fewer items than that, the next may be twice as long: a statement costs more than they do."""
LOOKED_BACK = timedelta(minutes=10)
"""So long each pass looks back for tries that were written down late."""


def roll_up(seconds: float | None = None) -> int:
    """Write down the figures of every hour that is over, for so many seconds. Returns how many hours were new."""
    until = _hour_of(timezone.now() - SETTLING)
    deadline = None if seconds is None else time.monotonic() + seconds
    mark = first = _mark(until)
    step = STEP
    while mark < until and (deadline is None or time.monotonic() < deadline):
        counted = _write(mark, min(mark + step, until))
        step = min(2 * step, LONGEST_STEP) if counted < FEW else max(step / 2, STEP)
        mark = _mark(until)
    _mend(_late(timezone.now() - LOOKED_BACK, None, before=mark))
    return (mark - first) // HOUR


def not_counted_again(now: datetime) -> datetime:
    """After a roll-up at that time no pass reads the details from before this any more: they may be pruned."""
    return _hour_of(now - SETTLING) - RECOUNTED


def _write(mark: datetime, until: datetime) -> int:
    """Count the hours from the watermark to `until`, and some before once more. One commit moves the watermark.

    Returns how many items these hours had.
    """
    since = mark - RECOUNTED
    counted = tallies.count(since, until)
    late = _late(since, until, before=since)
    _replace(mark, since, until, counted)
    _mend(late)
    return sum(each.received for each in counted.values())


@database.persistent
def _replace(mark: datetime, since: datetime, until: datetime, counted: Tallies) -> None:
    with _writing() as watermark:
        if watermark.until != mark:
            return  # another sweeper was faster
        figures = HourlyStat.objects.using(database.alias())
        figures.filter(hour__gte=since, hour__lt=until).delete()
        figures.bulk_create(counted.values(), batch_size=200)
        watermark.until = until
        watermark.save(using=database.alias())


@contextmanager
def _writing() -> Iterator[Watermark]:
    """The transaction in which figures are written: one at a time, for it holds the watermark's lock."""
    with database.atomic():
        yield Watermark.objects.using(database.alias()).select_for_update().get(pk=HOURLY)


def _late(since: datetime, until: datetime | None, *, before: datetime) -> set[tuple[str, datetime]]:
    """Tag and hour of the tries written down from `since` to `until` that began before hours which are counted."""
    rows = DeliveryAttempt.objects.using(database.alias()).filter(pk__gte=first_key(since, version=7))
    if until is not None:
        rows = rows.filter(pk__lt=first_key(until, version=7))
    found = rows.filter(started_at__lt=before).order_by().values_list("tag_id", tallies.hour_of("started_at"))
    return set(found.distinct())


def _mend(late: set[tuple[str, datetime]]) -> None:
    """Count hours again of which some details may be pruned: no figure gets smaller."""
    for tag, hour in sorted(late):
        for tally in tallies.count(hour, hour + HOUR, [tag]).values():
            _merge(tally)


@database.persistent
def _merge(tally: HourlyStat) -> None:
    with _writing():
        figures = HourlyStat.objects.using(database.alias())
        stored = figures.get_or_create(tag_id=tally.tag_id, hour=tally.hour)[0]
        for name in COUNTS:
            setattr(stored, name, max(getattr(stored, name), getattr(tally, name)))
        for name in HISTOGRAMS:
            setattr(stored, name, histograms.largest(getattr(stored, name), getattr(tally, name)))
        stored.save(using=database.alias())


@database.persistent
def _mark(until: datetime) -> datetime:
    """Where the watermark stands. The first time it is made, before everything there is."""
    marks = Watermark.objects.using(database.alias())
    stands = marks.filter(pk=HOURLY).values_list("until", flat=True).first()
    if stands is None:
        stands = marks.get_or_create(pk=HOURLY, defaults={"until": min(_beginning(until), until)})[0].until
    return stands


def _beginning(until: datetime) -> datetime:
    """The first hour in which anything was received."""
    received = SyncItem.objects.using(database.alias()).order_by("received_at").values_list("received_at", flat=True)
    return _hour_of(received.first() or until)


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
