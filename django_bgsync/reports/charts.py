"""What happened over time, as tables: a page draws them, and hands them out as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from django_bgsync import histograms, tallies
from django_bgsync.models import HourlyStat

HOUR = timedelta(hours=1)
LIVE = timedelta(days=1)
Durations = list[tuple[datetime, datetime, dict[str, int]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """How far back a chart looks, and how much time a row of it stands for."""

    name: str
    length: timedelta
    step: timedelta


SPANS = {
    "24h": Span(name="24h", length=timedelta(hours=24), step=HOUR),
    "7d": Span(name="7d", length=timedelta(days=7), step=timedelta(hours=6)),
    "30d": Span(name="30d", length=timedelta(days=30), step=timedelta(days=1)),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    label: str
    colour: str
    """`good`, `bad`, `odd`, `calm` or `quiet`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    start: datetime
    end: datetime
    values: tuple[float | None, ...]
    """One for each column; None: nothing to measure."""

    @property
    def label(self) -> str:
        # With the hour also of a day: it ends with the present hour, and is mostly yesterday in the morning.
        return formats.date_format(timezone.localtime(self.start), "d M H:i")

    @property
    def period(self) -> str:
        return period(self.start, self.end)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A table with a row for each step of time."""

    name: str
    title: str
    kind: str
    """`bars` stand on each other, `lines` do not."""
    columns: Sequence[Column]
    rows: Sequence[Row]
    unit: str = ""


def bounds(span: Span, now: datetime | None = None) -> tuple[datetime, datetime]:
    """From the beginning of the first whole step to the end of the present hour."""
    end = hour_of(now or timezone.now()) + HOUR
    return end - span.length, end


def hour_of(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def outcomes(name: str, figures: Iterable[HourlyStat], span: Span, end: datetime) -> Chart:
    """How items ended, stacked."""
    return Chart(
        name=name,
        title=_("How items ended"),
        kind="bars",
        columns=(
            Column(label=_("applied"), colour="good"),
            Column(label=_("rejected"), colour="bad"),
            Column(label=_("conflict"), colour="odd"),
            Column(label=_("dead"), colour="dark"),
        ),
        rows=_rows(figures, span, end, ("applied", "rejected", "conflict", "dead")),
    )


def arrivals(name: str, figures: Iterable[HourlyStat], span: Span, end: datetime) -> Chart:
    """What came in, and what came again."""
    return Chart(
        name=name,
        title=_("What arrived"),
        kind="bars",
        columns=(Column(label=_("received"), colour="calm"), Column(label=_("sent again"), colour="quiet")),
        rows=_rows(figures, span, end, ("received", "replays")),
    )


def durations(histogram: str, figures: Sequence[HourlyStat], span: Span, end: datetime) -> Durations:
    """Of each step the beginning, the end, and the histogram."""
    return [
        (start, until, histograms.total(getattr(figure, histogram) for figure in group))
        for start, until, group in _steps(figures, span, end)
    ]


def percentiles(name: str, title: str, steps: Durations) -> Chart:
    """p50, p95 and p99 of a duration, in seconds."""
    shares = ((0.5, "calm"), (0.95, "odd"), (0.99, "bad"))
    rows = [
        Row(start=start, end=until, values=tuple(seconds(whole, share) for share, _colour in shares))
        for start, until, whole in steps
    ]
    columns = tuple(Column(label=f"p{share * 100:.0f}", colour=colour) for share, colour in shares)
    return Chart(name=name, title=title, kind="lines", columns=columns, rows=rows, unit="s")


def seconds(histogram: dict[str, int], share: float) -> float | None:
    milliseconds = histograms.percentile(histogram, share)
    return None if milliseconds is None else round(milliseconds / 1000, 3)


def _rows(figures: Iterable[HourlyStat], span: Span, end: datetime, names: Sequence[str]) -> list[Row]:
    return [
        Row(start=start, end=until, values=tuple(sum(getattr(figure, name) for figure in group) for name in names))
        for start, until, group in _steps(figures, span, end)
    ]


def _steps(
    figures: Iterable[HourlyStat], span: Span, end: datetime
) -> list[tuple[datetime, datetime, list[HourlyStat]]]:
    first, count = end - span.length, span.length // span.step
    groups: list[list[HourlyStat]] = [[] for _ in range(count)]
    for figure in figures:
        number = (figure.hour - first) // span.step
        if 0 <= number < count:
            groups[number].append(figure)
    starts = (first + number * span.step for number in range(count))
    return [(start, start + span.step, group) for start, group in zip(starts, groups, strict=True)]


def figures_of(
    span: Span, tags: Sequence[str] | None = None, *, durations: bool = True
) -> tuple[list[HourlyStat], datetime]:
    """The figures of a span that ends with the present hour, and its end.

    Where nobody rolls up, no more than a day is counted: a page must not wait for a month of rows.
    """
    start, end = bounds(span)
    return tallies.figures(start, end, tags, live=LIVE, durations=durations), end


def uncounted(span: Span) -> tuple[datetime, datetime] | None:
    """The hours of a span that nobody has rolled up, and that are too many to be counted for a page."""
    start, end = bounds(span)
    first, last = max(start, tallies.rolled_up_until() or start), end - LIVE
    return (first, last) if first < last else None


def total(figures: Iterable[HourlyStat], name: str) -> Any:
    return sum(getattr(figure, name) for figure in figures)


def period(start: datetime, end: datetime) -> str:
    """As the filters of the lists read it."""
    return f"{_written(start)}/{_written(end)}"


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
