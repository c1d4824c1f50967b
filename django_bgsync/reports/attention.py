"""Unfinished business: what is dead, rejected or in conflict, grouped by why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django_bgsync.enums import Code, ItemState
from django_bgsync.models import SyncItem
from django_bgsync.reports import bounded
from django_bgsync.reports.search import PARKED

MOST_PARKED = 100_000
MOST_HELD = 5_000
MOST_GROUPS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Parked items of one tag with the same code and, if their handler raised one, exception."""

    tag: str
    code: str
    exception: str
    count: int
    first: datetime | None
    """When the first of them was given up."""
    last: datetime | None
    held: int
    """Items that wait behind them in their lanes."""

    @property
    def is_dead(self) -> bool:
        return self.code == Code.DEAD


@dataclass(frozen=True, kw_only=True, slots=True)
class Attention:
    causes: list[Cause]
    """Dead ones first, they hold others; then by number."""
    is_whole: bool
    """Whether every parked item is counted."""
    held_is_whole: bool

    @property
    def count(self) -> int:
        return sum(cause.count for cause in self.causes)

    @property
    def dead(self) -> int:
        return sum(cause.count for cause in self.causes if cause.is_dead)


def look(tag: str = "") -> Attention:
    """What waits for somebody, of one tag or of all. Three statements."""
    rows = SyncItem.objects.filter(state__in=PARKED).exclude(code=Code.DISCARDED)
    rows = rows.filter(tag=tag) if tag else rows
    found = bounded.grouped(rows, ("tag", "code", "exception"), "finished_at", MOST_PARKED)
    held, held_is_whole = _held_by_dead() if any(group.key[1] == Code.DEAD for group in found.groups) else ({}, True)
    causes = [
        Cause(
            tag=tag,
            code=code,
            exception=exception,
            count=group.count,
            first=group.first,
            last=group.last,
            held=held.get((tag, exception), 0) if code == Code.DEAD else 0,
        )
        for group in found.groups
        for tag, code, exception in [group.key]
    ]
    causes.sort(key=lambda cause: (not cause.is_dead, -cause.count, cause.tag, cause.code, cause.exception))
    return Attention(causes=causes[:MOST_GROUPS], is_whole=found.is_whole, held_is_whole=held_is_whole)


def _held_by_dead() -> tuple[dict[tuple[str, str], int], bool]:
    """How many items are held in the lanes of dead ones, by the tag and exception of these."""
    lane = ("owner", "client", "lane")
    held_rows = SyncItem.objects.filter(state=ItemState.HELD)
    held = list(held_rows.order_by().values_list(*lane)[: MOST_HELD + 1])
    if not held:
        return {}, True
    waiting = Counter(held)
    dead = SyncItem.objects.filter(state=ItemState.REJECTED, code=Code.DEAD).exclude(lane="")
    behind: Counter[tuple[str, str]] = Counter()
    for tag, exception, *key in dead.order_by().values_list("tag", "exception", *lane)[:MOST_HELD]:
        behind[tag, exception] += waiting.pop(tuple(key), 0)  # once, if two in a lane are dead
    return dict(behind), len(held) <= MOST_HELD
