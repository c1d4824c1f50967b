"""What a device says that it still holds. It may say anything, so what cannot be meant counts as not said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MOST = 2**31 - 1
YEARS = range(1971, 9999)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outbox:
    """A device's report. None: not said."""

    pending: int | None = None
    """Items that it has yet to send."""
    parked: int | None = None
    """Items that wait for their user."""
    oldest_at: datetime | None = None
    """When the first of the pending ones was made, by the device's clock."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """How many it could not keep so far, by reason."""


def read(report: Any) -> Outbox:
    if not isinstance(report, Mapping):
        return Outbox()
    dropped = report.get("dropped")
    return Outbox(
        pending=_count(report.get("pending")),
        parked=_count(report.get("parked")),
        oldest_at=_instant(report.get("oldest_at")),
        dropped={
            reason: count
            for reason, value in (dropped.items() if isinstance(dropped, Mapping) else ())
            if (count := _count(value))
        },
    )


def _count(value: Any) -> int | None:
    # bool is an int to Python and not to JSON.
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST else None


def _instant(value: Any) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value)
        instant = instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return instant if instant.year in YEARS else None
