"""Filters that an index answers; the stock ones ask for all distinct values, or for any date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from django_bgsync.enums import Code, ItemState, Outcome
from django_bgsync.identity import first_key
from django_bgsync.models import REVOKED, SKEWED
from django_bgsync.operations.selections import YEARS
from django_bgsync.printing import visible
from django_bgsync.reports.search import PARKED

UNFINISHED = "unfinished"
PARKED_STATES = "parked"
STATES = [(UNFINISHED, _("not finished")), (PARKED_STATES, _("rejected or conflict")), *ItemState.choices]
"""What items can be chosen by, and what it is called."""
LATEST_WRITTEN = timedelta(days=1)
"""So long after its start an attempt is written at the latest; a lost one may be later, and is then not found."""
PERIODS = {
    "1h": (_("Past hour"), timedelta(hours=1)),
    "24h": (_("Past 24 hours"), timedelta(hours=24)),
    "7d": (_("Past 7 days"), timedelta(days=7)),
    "30d": (_("Past 30 days"), timedelta(days=30)),
}


class StateFilter(admin.SimpleListFilter):
    """By state. What is not finished is due some time; to say both would make a database think that it is rare."""

    title = _("state")
    parameter_name = "state__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES)

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return rows
        if value == PARKED_STATES:
            return rows.filter(state__in=PARKED)
        if value == UNFINISHED:
            return rows.filter(next_at__isnull=False)
        if value not in ItemState.values:
            raise IncorrectLookupParameters
        rows = rows.filter(state=value)
        return rows.filter(next_at__isnull=False) if value == ItemState.RECEIVED else rows


class CodeFilter(admin.SimpleListFilter):
    """By code. All but two are those of parked items, which have an index of their own."""

    title = _("code")
    parameter_name = "code__exact"
    offered = (
        Code.INVALID,
        Code.FORBIDDEN,
        Code.REJECTED,
        Code.TAG_CLOSED,
        Code.BAD_RESULT,
        Code.DEAD,
        Code.DISCARDED,
        Code.CONFLICT,
        Code.RETRYING,
    )

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        chosen = self.value()
        own = [] if not chosen or chosen in self.offered else [(chosen, visible(chosen))]
        return [*own, *((code.value, code.value) for code in self.offered)]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return rows
        rows = rows.filter(code=value)
        if value == Code.RETRYING:
            return rows.filter(state=ItemState.WAITING)
        return rows if value in ("", Code.OK) else rows.filter(state__in=PARKED)


class AttemptCodeFilter(CodeFilter):
    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None:
            return rows
        rows = rows.filter(code=value)
        return rows if value == Code.OK else rows.exclude(outcome=Outcome.APPLIED)


class PeriodFilter(admin.SimpleListFilter):
    """By time: a period that ends now, or `<from>/<until>` of a chart (ISO 8601; the end excluded)."""

    title = _("received")
    parameter_name = "period"
    field = "received_at"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        chosen = self.value()
        offered = [(name, label) for name, (label, _length) in PERIODS.items()]
        if not chosen or chosen in PERIODS:
            return offered
        start, end = read_period(chosen)
        return [(chosen, f"{_written(start)} – {_written(end)}"), *offered]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return rows
        start, end = read_period(self.value() or "")
        return self.within(rows, start, end)

    def within(self, rows: QuerySet[Any], start: datetime, end: datetime) -> QuerySet[Any]:
        return rows.filter(**{f"{self.field}__gte": start, f"{self.field}__lt": end})


class FinishedFilter(PeriodFilter):
    title = _("finished")
    parameter_name = "finished"
    field = "finished_at"

    def within(self, rows: QuerySet[Any], start: datetime, end: datetime) -> QuerySet[Any]:
        # Nothing finishes before it is received: so the list begins where it can, in the index of the receipts.
        return super().within(rows, start, end).filter(received_at__lt=end)


class StartedFilter(PeriodFilter):
    title = _("started")
    field = "started_at"


class AttemptPeriodFilter(StartedFilter):
    """Found by their keys, which hold the time at which they were written: that of the start has no index alone."""

    def within(self, rows: QuerySet[Any], start: datetime, end: datetime) -> QuerySet[Any]:
        keys = {"pk__gte": first_key(start, 7), "pk__lt": first_key(end + LATEST_WRITTEN, 7)}
        return super().within(rows, start, end).filter(**keys)


class SeenFilter(PeriodFilter):
    title = _("last seen")
    field = "last_seen"


def read_period(value: str) -> tuple[datetime, datetime]:
    """When a period begins and ends. Raises IncorrectLookupParameters."""
    if value in PERIODS:
        now = timezone.now()
        return now - PERIODS[value][1], now + timedelta(minutes=1)
    start, end = (_instant(text) for text in (value.split("/") if value.count("/") == 1 else ("", "")))
    return start, end


def _instant(text: str) -> datetime:
    try:
        instant = parse_datetime(text)
    except ValueError as error:
        raise IncorrectLookupParameters from error
    if instant is None or instant.year not in YEARS:
        raise IncorrectLookupParameters
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _written(instant: datetime) -> str:
    return formats.date_format(timezone.localtime(instant), "SHORT_DATETIME_FORMAT")


class TroubleFilter(admin.SimpleListFilter):
    """What the overview says of devices. Each has an index of those few that it is true of."""

    title = _("trouble")
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("silent3", _("holds something, silent for 3 days")),
            ("silent7", _("holds something, silent for 7 days")),
            ("dropping", _("could not keep something")),
            ("skewed", _("its clock is wrong")),
            ("revoked", _("revoked")),
        ]

    def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        now = timezone.now()
        match self.value():
            case None:
                return rows
            case "silent3" | "silent7" as value:
                return rows.filter(pending__gt=0, last_seen__lt=now - timedelta(days=int(value[-1])))
            case "dropping":
                return rows.filter(dropped__gt=0)
            case "skewed":
                return rows.filter(SKEWED)
            case "revoked":
                return rows.filter(REVOKED)
        raise IncorrectLookupParameters
