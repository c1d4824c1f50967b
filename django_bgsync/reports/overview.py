"""How things stand: what an operator sees first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from django_bgsync import outboxes
from django_bgsync.enums import TagState
from django_bgsync.models import SKEWED, STORM, HourlyStat, SyncClient, SyncItem, SyncTag
from django_bgsync.reports import attention, bounded, charts
from django_bgsync.reports.attention import Attention
from django_bgsync.reports.charts import SPANS, Chart
from django_bgsync.reports.users import with_users
from django_bgsync.upkeep import health
from django_bgsync.upkeep.health import Health

MOST_WAITING = 5_000
MOST_CLIENTS = 1_000
SHOWN = 5
"""So many of each kind are named; a link leads to the rest."""
SILENT_DAYS = (3, 7)
RECENT = timedelta(days=30)
"""Devices that nobody has heard of for longer are not counted among those that drop, or whose clocks are wrong."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Unfinished items."""

    count: int
    oldest_at: datetime | None
    """When the first of them was received."""
    is_whole: bool
    """Whether all are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailingTag:
    """A tag some of whose tries failed in the past 24 hours."""

    tag: str
    state: str
    tries: int
    failed: int
    """Failed and lost."""
    dead: int

    @property
    def percent(self) -> float:
        return 100 * self.failed / self.tries if self.tries else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Few:
    """Some rows of many."""

    rows: list[SyncClient] | list[SyncItem]
    count: int
    most: int
    """Counting ends here."""

    @property
    def is_whole(self) -> bool:
        return self.count <= self.most


@dataclass(frozen=True, kw_only=True, slots=True)
class Silent:
    """Clients that said that they held something, and have not been heard of for so many days."""

    days: int
    before: datetime
    clients: Few


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    since: datetime
    until: datetime
    """The 24 hours that the figures are of: the last is the present one."""
    health: Health
    received: int
    applied: int
    rejected: int
    """With those in conflict and dead."""
    replays: int
    waiting: Waiting
    attention: Attention
    failing: list[FailingTag]
    stopped: list[SyncTag]
    """Tags that somebody paused or closed."""
    silent: list[Silent]
    dropped: dict[str, int]
    """What devices could not keep, by reason."""
    dropping: Few
    skewed: Few
    storms: Few
    charts: list[Chart]

    @property
    def period(self) -> str:
        return charts.period(self.since, self.until)


def look() -> Overview:
    """As of now. The number of statements does not depend on how much there is, nor does it grow with the tables."""
    now, span = timezone.now(), SPANS["24h"]
    figures, end = charts.figures_of(span, durations=False)
    tags = {tag.pk: tag for tag in SyncTag.objects.all()}
    dropping = SyncClient.objects.filter(dropped__gt=0, last_seen__gte=now - RECENT)
    return Overview(
        since=end - span.length,
        until=end,
        health=health.look(),
        received=charts.total(figures, "received"),
        applied=charts.total(figures, "applied"),
        rejected=sum(charts.total(figures, name) for name in ("rejected", "conflict", "dead")),
        replays=charts.total(figures, "replays"),
        waiting=waiting(),
        attention=attention.look(),
        failing=_failing(figures, tags),
        stopped=[tag for tag in tags.values() if tag.state != TagState.OPEN],
        silent=[_silent(days, now) for days in SILENT_DAYS],
        dropped=_dropped(dropping),
        dropping=_clients(dropping),
        skewed=_clients(SyncClient.objects.filter(SKEWED, last_seen__gte=now - RECENT)),
        storms=_storms(now),
        charts=_charts(figures, end),
    )


def drawn() -> list[Chart]:
    """The charts alone."""
    return _charts(*charts.figures_of(SPANS["24h"], durations=False))


def _charts(figures: list[HourlyStat], end: datetime) -> list[Chart]:
    span = SPANS["24h"]
    return [charts.arrivals("arrivals", figures, span, end), charts.outcomes("outcomes", figures, span, end)]


def waiting(tag: str = "") -> Waiting:
    """What is not finished, of one tag or of all."""
    rows = SyncItem.objects.filter(next_at__isnull=False)
    found = bounded.grouped(rows.filter(tag=tag) if tag else rows, ("tag",), "received_at", MOST_WAITING)
    oldest = min((group.first for group in found.groups if group.first), default=None)
    return Waiting(count=found.count, oldest_at=oldest, is_whole=found.is_whole)


def _failing(figures: Iterable[HourlyStat], tags: dict[str, SyncTag]) -> list[FailingTag]:
    tries: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    dead: Counter[str] = Counter()
    for figure in figures:
        bad = figure.failed + figure.lost
        tries[figure.tag_id] += figure.applied + figure.rejected + figure.conflict + figure.retried + bad
        failed[figure.tag_id] += bad
        dead[figure.tag_id] += figure.dead
    return [
        FailingTag(
            tag=tag, state=tags[tag].state if tag in tags else "", tries=tries[tag], failed=count, dead=dead[tag]
        )
        for tag, count in failed.most_common()
        if count
    ]


def _silent(days: int, now: datetime) -> Silent:
    before = now - timedelta(days=days)
    rows = SyncClient.objects.filter(pending__gt=0, last_seen__lt=before)
    return Silent(days=days, before=before, clients=_clients(rows))


def _clients(rows: QuerySet[SyncClient]) -> Few:
    named = with_users(rows).order_by("-last_seen")[:SHOWN]
    return Few(rows=list(named), count=bounded.count(rows, MOST_CLIENTS), most=MOST_CLIENTS)


def _dropped(rows: QuerySet[SyncClient]) -> dict[str, int]:
    reasons: Counter[str] = Counter()
    for report in rows.order_by("-last_seen").values_list("outbox", flat=True)[:MOST_CLIENTS]:
        reasons.update(outboxes.read(report).dropped)
    return dict(reasons.most_common(SHOWN))


def _storms(now: datetime) -> Few:
    rows = SyncItem.objects.filter(STORM, last_replay_at__gte=now - timedelta(hours=24))
    named = rows.select_related("client").defer("payload", "result", "problem").order_by("-last_replay_at")[:SHOWN]
    return Few(rows=list(named), count=bounded.count(rows, MOST_CLIENTS), most=MOST_CLIENTS)
