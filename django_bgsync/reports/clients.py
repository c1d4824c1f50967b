"""What one client says of itself, and what became of what it sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from django_bgsync import outboxes
from django_bgsync.models import Delivery, FeedPull, SyncClient, SyncItem
from django_bgsync.outboxes import Outbox
from django_bgsync.reports import bounded
from django_bgsync.reports.charts import Chart, Column, Row

DELIVERIES = 50
POINTS = 50
PULLS = 20
MOST_ITEMS = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """One delivery, and what its clock and its browser tell."""

    delivery: Delivery
    offset: timedelta | None
    """Server minus device, with the time on the way."""
    since: timedelta | None
    """After the delivery before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientHistory:
    outbox: Outbox
    """As it was last reported."""
    capabilities: list[tuple[str, str]]
    states: list[tuple[str, int]]
    """Its items by state; no more than `MOST_ITEMS` are counted."""
    states_is_whole: bool
    arrivals: list[Arrival]
    """Newest first."""
    pulls: list[FeedPull]
    charts: list[Chart]


def look(client: SyncClient) -> ClientHistory:
    """Four statements."""
    deliveries = list(Delivery.objects.filter(client=client.pk).order_by("-received_at", "-pk")[:DELIVERIES])
    rows = SyncItem.objects.filter(client=client.pk)
    states = bounded.grouped(rows, ("state",), "received_at", MOST_ITEMS)
    return ClientHistory(
        outbox=outboxes.read(client.outbox),
        capabilities=capabilities(client.capabilities),
        states=sorted((str(group.key[0]), group.count) for group in states.groups),
        states_is_whole=states.is_whole,
        arrivals=_arrivals(deliveries),
        pulls=list(FeedPull.objects.filter(client=client.pk).defer("traceback").order_by("-started_at", "-pk")[:PULLS]),
        charts=[_holdings(deliveries), _offsets(deliveries)],
    )


def capabilities(said: Any) -> list[tuple[str, str]]:
    """What it can do, in the order of its own report; anything may stand there."""
    if not isinstance(said, Mapping):
        return []
    return [(str(name), _written(value)) for name, value in list(said.items())[:POINTS]]


def _written(value: Any) -> str:
    match value:
        case True:
            return _("yes")
        case False:
            return _("no")
        case None | "":
            return "–"
        case list():
            return ", ".join(map(str, value[:POINTS])) or "–"
    return str(value)[:200]


def _arrivals(deliveries: list[Delivery]) -> list[Arrival]:
    earlier = [*deliveries[1:], None]
    return [
        Arrival(
            delivery=each,
            offset=each.received_at - each.sent_at if each.sent_at else None,
            since=each.received_at - before.received_at if before else None,
        )
        for each, before in zip(deliveries, earlier, strict=False)
    ]


def _holdings(deliveries: list[Delivery]) -> Chart:
    """What it said that it held, at each of its last deliveries, and how old the first of it was, in hours."""
    columns = (
        Column(label=_("pending"), colour="calm"),
        Column(label=_("parked"), colour="bad"),
        Column(label=_("age of the oldest (h)"), colour="odd"),
    )
    told = [each for each in reversed(deliveries) if each.pending is not None or each.parked is not None]
    rows = [_point(each, (each.pending, each.parked, _age(each.oldest_at, each.sent_at))) for each in told]
    return Chart(name="holdings", title=_("What it said it held"), kind="lines", columns=columns, rows=rows)


def _offsets(deliveries: list[Delivery]) -> Chart:
    rows = [
        _point(each, (round((each.received_at - each.sent_at).total_seconds(), 1),))
        for each in reversed(deliveries)
        if each.sent_at
    ]
    columns = (Column(label=_("server minus device (s)"), colour="calm"),)
    return Chart(name="clock", title=_("Its clock"), kind="lines", columns=columns, rows=rows, unit="s")


def _point(delivery: Delivery, values: tuple[float | None, ...]) -> Row:
    return Row(start=delivery.received_at, end=delivery.received_at, values=values)


def _age(oldest: datetime | None, now: datetime | None) -> float | None:
    return round((now - oldest).total_seconds() / 3600, 1) if oldest and now else None
