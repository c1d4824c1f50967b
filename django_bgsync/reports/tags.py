"""How one tag fares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from django_bgsync import histograms
from django_bgsync.enums import ItemState
from django_bgsync.models import SyncItem, SyncTag
from django_bgsync.reports import attention, bounded, charts, overview
from django_bgsync.reports.attention import Attention
from django_bgsync.reports.charts import Chart, Durations, Span
from django_bgsync.reports.overview import Waiting
from django_bgsync.tallies import HISTOGRAMS

MOST_HELD = 5_000
LANES = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """Items that wait for the one before them."""

    name: str
    client: object
    """The primary key of the client."""
    held: int
    since: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantiles:
    """Of a duration, in seconds. None: nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class TagHistory:
    span: Span
    since: datetime
    until: datetime
    counts: dict[str, int]
    """Of the span: received, applied, rejected, conflict, dead, discarded, reopened, failed, retried, lost, replays."""
    arrival_lag: Quantiles
    """From the device's clock, corrected, to the receipt."""
    sync_lag: Quantiles
    """To the commit of its effect."""
    processing: Quantiles
    waiting: Waiting
    attention: Attention
    lanes: list[Lane]
    """Those with most held items first."""
    held: int
    held_is_whole: bool
    charts: list[Chart]
    uncounted: tuple[datetime, datetime] | None
    """Hours that are in none of these figures, because nobody has rolled them up."""

    @property
    def period(self) -> str:
        return charts.period(self.since, self.until)


COUNTS = ("received", "applied", "rejected", "conflict", "dead", "discarded", "reopened", "failed", "retried", "lost")


def look(tag: SyncTag, span: Span) -> TagHistory:
    figures, end = charts.figures_of(span, [tag.pk])
    arrival, lag, processing = (charts.durations(name, figures, span, end) for name in HISTOGRAMS)
    held = _lanes(tag)
    largest = sorted(held.groups, key=lambda group: -group.count)[:LANES]
    return TagHistory(
        span=span,
        since=end - span.length,
        until=end,
        counts={name: charts.total(figures, name) for name in (*COUNTS, "replays")},
        arrival_lag=_quantiles(arrival),
        sync_lag=_quantiles(lag),
        processing=_quantiles(processing),
        waiting=overview.waiting(tag.pk),
        attention=attention.look(tag.pk),
        lanes=[Lane(client=each.key[0], name=each.key[1], held=each.count, since=each.first) for each in largest],
        held=held.count,
        held_is_whole=held.is_whole,
        uncounted=charts.uncounted(span),
        charts=[
            charts.outcomes("outcomes", figures, span, end),
            charts.percentiles("lag", _("From the device to the commit"), lag),
            charts.percentiles("processing", _("Processing time"), processing),
        ],
    )


def _quantiles(steps: Durations) -> Quantiles:
    whole = histograms.total(histogram for _start, _end, histogram in steps)
    return Quantiles(**{f"p{share}": charts.seconds(whole, share / 100) for share in (50, 95, 99)})


def _lanes(tag: SyncTag) -> bounded.Groups:
    rows = SyncItem.objects.filter(tag=tag.pk, state=ItemState.HELD)
    return bounded.grouped(rows, ("client", "lane"), "received_at", MOST_HELD)
