"""Counting what happened, hour by hour, from the rows of items, attempts and notes: reading only.

Every figure of `HourlyStat` is counted here and nowhere else, for the roll-ups and for the hours that they have not
come to yet. An item counts in the hour of its receipt, a try and its outcome in the hour in which the try began, what
was done by hand in the hour in which it was done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Func, IntegerField, Q, QuerySet, Sum
from django.db.models.functions import TruncHour

from django_bgsync import database
from django_bgsync.enums import Code, ItemState, NoteKind, Outcome
from django_bgsync.histograms import BOUNDS
from django_bgsync.identity import first_key
from django_bgsync.models import DeliveryAttempt, HourlyStat, ItemNote, SyncItem, SyncTag, Watermark

HOUR = timedelta(hours=1)
HOURLY = "hourly"
"""The name of the watermark."""
COUNTS = (
    *("received", "applied", "rejected", "conflict", "dead", "discarded", "reopened"),
    *("failed", "retried", "lost", "replays", "bytes"),
)
HISTOGRAMS = ("arrival_lag", "sync_lag", "processing")
Tallies = dict[tuple[str, datetime], HourlyStat]
_MILLISECOND = timedelta(milliseconds=1)


def figures(
    since: datetime,
    until: datetime,
    tags: Sequence[str] | None = None,
    *,
    live: timedelta | None = None,
    durations: bool = True,
) -> list[HourlyStat]:
    """The figures of the hours from `since` (the beginning of one) to `until`, hours without any left out.

    What is rolled up is read, the rest is counted, but no longer than `live` before `until`; the last are not saved.
    Of one tag at a time, or of all; without the histograms if nobody asks for `durations`.
    """
    mark = rolled_up_until()
    border = since if mark is None else min(max(mark, since), until)
    rows = HourlyStat.objects.using(database.alias()).filter(hour__gte=since, hour__lt=border)
    rows = rows if durations else rows.defer(*HISTOGRAMS)
    stored = list(rows if tags is None else rows.filter(tag__in=tags))
    first = border if live is None else max(border, until - live)
    return stored + (list(count(first, until, tags, durations=durations).values()) if first < until else [])


def rolled_up_until() -> datetime | None:
    """Every hour before is in `HourlyStat`; None before the first roll-up."""
    marks = Watermark.objects.using(database.alias()).filter(pk=HOURLY)
    return marks.values_list("until", flat=True).first()


def count(since: datetime, until: datetime, tags: Sequence[str] | None = None, *, durations: bool = True) -> Tallies:
    """Unsaved figures of each tag and hour from `since` to `until` in which anything happened.

    Four statements, each of which reads a range of an index for each tag; three without `durations`.
    """
    alias = database.alias()
    if tags is None:
        tags = list(SyncTag.objects.using(alias).order_by().values_list("pk", flat=True))
    tallies: Tallies = {}
    of_tags = {"tag__in": tags}
    items = SyncItem.objects.using(alias).filter(**of_tags, received_at__gte=since, received_at__lt=until)
    tries = DeliveryAttempt.objects.using(alias).filter(**of_tags, started_at__gte=since, started_at__lt=until)
    # In the order of their keys, which hold the time: a range of the primary key.
    keys = (first_key(since, version=7), first_key(until, version=7))
    notes = ItemNote.objects.using(alias).filter(**of_tags, pk__gte=keys[0], pk__lt=keys[1])
    _add_notes(tallies, notes)
    _add_tries(tallies, tries, durations=durations)
    if durations:
        _add_sync_lags(tallies, tries)
    # Last: what was refused on receipt becomes an attempt when it is reopened, and may not be missed in between.
    _add_items(tallies, items, durations=durations)
    return tallies


def hour_of(instant: str) -> TruncHour:
    """The hour of a column, UTC, for `values` and `annotate`."""
    return TruncHour(instant, tzinfo=UTC)


def _add_items(tallies: Tallies, items: QuerySet[SyncItem], *, durations: bool) -> None:
    refused = Q(state=ItemState.REJECTED, attempts=0, finished_at=F("received_at"))
    lag = ExpressionWrapper(F("received_at") - F("created_at"), DurationField())
    bucket = _Bucket("lag", unit=_MILLISECOND) if durations else None
    rows = _by_hour(items.annotate(lag=lag) if durations else items, "received_at", bucket)
    rows = rows.annotate(
        received=Count("pk"), bytes=Sum("size"), replays=Sum("replays"), rejected=Count("pk", filter=refused)
    )
    _add(tallies, rows, ("received", "bytes", "replays", "rejected"), "arrival_lag" * durations, "received")


def _add_tries(tallies: Tallies, tries: QuerySet[DeliveryAttempt], *, durations: bool) -> None:
    counted = {
        "applied": Q(outcome=Outcome.APPLIED),
        "rejected": Q(outcome=Outcome.REJECTED) & ~Q(code=Code.DEAD),
        "conflict": Q(outcome=Outcome.CONFLICT),
        "dead": Q(code=Code.DEAD),
        "failed": Q(outcome=Outcome.FAILED),
        "retried": Q(outcome=Outcome.RETRY_LATER),
        "lost": Q(outcome=Outcome.LOST),
    }
    rows = _by_hour(tries, "started_at", _Bucket("duration_ms", unit=1) if durations else None)
    rows = rows.annotate(tries=Count("pk"), **{name: Count("pk", filter=which) for name, which in counted.items()})
    _add(tallies, rows, counted, "processing" * durations, "tries")


def _add_sync_lags(tallies: Tallies, tries: QuerySet[DeliveryAttempt]) -> None:
    lag = ExpressionWrapper(F("item__finished_at") - F("item__created_at"), DurationField())
    applied = tries.filter(outcome=Outcome.APPLIED).annotate(lag=lag)
    rows = _by_hour(applied, "started_at", _Bucket("lag", unit=_MILLISECOND)).annotate(tries=Count("pk"))
    _add(tallies, rows, (), "sync_lag", "tries")


def _add_notes(tallies: Tallies, notes: QuerySet[ItemNote]) -> None:
    rows = _by_hour(notes, "noted_at").annotate(
        discarded=Count("pk", filter=Q(kind=NoteKind.DISCARDED)), reopened=Count("pk", filter=Q(kind=NoteKind.REOPENED))
    )
    _add(tallies, rows, ("discarded", "reopened"))


def _by_hour(rows: QuerySet[Any], instant: str, bucket: Any = None) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.order_by().annotate(hour_of=hour_of(instant))
    if bucket is None:
        return found.values("tag_id", "hour_of")
    found = found.annotate(bucket=bucket)
    return found.values("tag_id", "hour_of", "bucket")


def _add(tallies: Tallies, rows: Iterable[Any], counts: Iterable[str], histogram: str = "", share: str = "") -> None:
    for row in rows:
        key = (row["tag_id"], row["hour_of"])
        tally = tallies.setdefault(key, HourlyStat(tag_id=key[0], hour=key[1]))
        for name in counts:
            setattr(tally, name, getattr(tally, name) + row[name])
        if histogram and row["bucket"] is not None:
            getattr(tally, histogram)[str(row["bucket"])] = row[share]


class _Bucket(Func):
    """`histograms.bucket` as SQL: a tree, so that a value is compared six times and not sixty-four.

    Written here: to put it together of Django's expressions takes longer than the counting.
    """

    def __init__(self, measured: Any, *, unit: Any) -> None:
        super().__init__(measured, output_field=IntegerField())
        self.unit = unit

    def as_sql(  # type: ignore[override]  # the other arguments are for templates
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, list[Any]]:
        [measured] = self.get_source_expressions()
        value, parameters = compiler.compile(measured)
        bounds = [measured.output_field.get_db_prep_value(bound * self.unit, connection) for bound in BOUNDS]
        given = [*parameters]

        def tree(low: int, high: int) -> str:
            if low == high:
                return str(low)
            middle = (low + high) // 2
            given.extend([*parameters, bounds[middle]])
            below = tree(low, middle)
            return f"CASE WHEN {value} < %s THEN {below} ELSE {tree(middle + 1, high)} END"

        return f"CASE WHEN {value} IS NOT NULL THEN {tree(0, len(BOUNDS))} END", given
