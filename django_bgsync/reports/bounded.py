"""Counting that ends at a bound: exact where there is little, and honest where there is much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connections
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Rows that have some columns in common."""

    key: tuple[Any, ...]
    count: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    groups: list[Group]
    is_whole: bool
    """Whether every row is counted, and not only as many as the bound allows."""

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)


def grouped(rows: QuerySet[Any], columns: Sequence[str], instant: str, bound: int) -> Groups:
    """The rows counted by some columns, with the first and last time of each group."""
    connection = connections[rows.db]
    aliases = [f"key_{number}" for number, _name in enumerate(columns)]
    named = dict(zip((*aliases, "instant"), map(F, (*columns, instant)), strict=True))
    inner, parameters = rows.order_by().annotate(**named).values_list(*named)[: bound + 1].query.sql_with_params()
    keys, time = ", ".join(aliases), "instant"
    with connection.cursor() as cursor:
        # Django aggregates over a limited query, but does not group one.
        cursor.execute(
            f"SELECT {keys}, COUNT(*), MIN({time}), MAX({time}) FROM ({inner}) bounded GROUP BY {keys}",  # noqa: S608
            parameters,
        )
        found = [
            Group(key=tuple(key), count=count, first=_instant(first), last=_instant(last))
            for *key, count, first, last in cursor.fetchall()
        ]
    return Groups(groups=found, is_whole=sum(group.count for group in found) <= bound)


def count(rows: QuerySet[Any], bound: int) -> int:
    """How many rows, `bound + 1` for more than that."""
    return rows.order_by()[: bound + 1].count()


def _instant(value: Any) -> datetime | None:
    """What a database makes of a time in an aggregate that Django does not know: with its zone, without, or text."""
    instant = parse_datetime(value) if isinstance(value, str) else value
    return instant.replace(tzinfo=UTC) if instant is not None and timezone.is_naive(instant) else instant
