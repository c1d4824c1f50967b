"""Which items an operator means: these, or all that have some features. As data, so that it can wait and be shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from django_bgsync.enums import ItemState
from django_bgsync.exceptions import InvalidSelection
from django_bgsync.querysets import ItemQuerySet
from django_bgsync.rows import ledger

PARKED = "parked"
GROUPS = {PARKED: (ItemState.REJECTED, ItemState.CONFLICT), "unfinished": ItemState.unfinished()}
"""Words for several states."""
MAX_IDS = 1000
NO_EXCEPTION = "-"
"""In the place of an exception's class: the last try raised none."""
YEARS = range(1971, 9000)
"""In every time zone, and in every database."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Items with all of the features that are named. Written as a dict of lists of strings, as query strings are."""

    id: tuple[UUID, ...] = ()
    """Primary keys; what else is named still counts."""
    tag: str = ""
    code: str = ""
    state: str = ""
    """A state, `parked` or `unfinished`."""
    client: UUID | None = None
    """The primary key of the client."""
    user: str = ""
    """The primary key of the user."""
    delivery: UUID | None = None
    lane: str = ""
    exception: str = ""
    """The class of what the last try raised, for example `KeyError`; `-` if it raised none."""
    since: datetime | None = None
    """Finished at or after."""
    before: datetime | None = None
    """Finished before."""
    received_since: datetime | None = None
    received_before: datetime | None = None

    @classmethod
    def read(cls, written: Mapping[str, Sequence[str]]) -> Selection:
        """Of a query string (`dict(QueryDict.lists())`) or from JSON; other keys are passed over.

        Raises InvalidSelection.
        """
        found: dict[str, Any] = {}
        for field in fields(cls):
            values = [value for value in written.get(field.name, ()) if value]
            if not values:
                continue
            try:
                read = [_READERS.get(field.name, _text)(value) for value in values]
            except (ValueError, ValidationError):
                raise InvalidSelection(f"{field.name}={values[0]!r} cannot be read.") from None
            if len(read) > (MAX_IDS if field.name == "id" else 1):
                raise InvalidSelection(f"{field.name} is named {len(read)} times.")
            found[field.name] = tuple(read) if field.name == "id" else read[0]
        return cls(**found)

    def write(self) -> dict[str, list[str]]:
        """What `read` reads; `urlencode(…, doseq=True)` makes a query string of it."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: [_written(value) for value in (values if isinstance(values, tuple) else (values,))]
            for name, values in named.items()
            if values
        }

    def __bool__(self) -> bool:
        """Whether anything is named. Nothing stands for no items, not for all."""
        return bool(self.write())

    def rows(self) -> ItemQuerySet:
        return ledger.items().filter(self._condition()) if self else ledger.items().none()

    def _condition(self) -> Q:
        conditions = {
            "pk__in": self.id,
            "tag": self.tag,
            "code": self.code,
            "state__in": GROUPS.get(self.state, (self.state,)),
            "client": self.client,
            "user": self.user,
            "delivery": self.delivery,
            "lane": self.lane,
            "exception": self.exception,
            "finished_at__gte": self.since,
            "finished_at__lt": self.before,
            "received_at__gte": self.received_since,
            "received_at__lt": self.received_before,
        }
        unset = set() if self.state else {"state__in"}
        named = {name: value for name, value in conditions.items() if value and name not in unset}
        return Q(**(named | {"exception": ""} if self.exception == NO_EXCEPTION else named))


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError
    return value


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.year not in YEARS:
        raise ValueError
    return timezone.make_aware(instant) if timezone.is_naive(instant) else instant


def _state(value: str) -> str:
    return value if value in GROUPS else ItemState(value).value


def _user(value: str) -> str:
    return str(get_user_model()._meta.pk.clean(value, None))


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


_READERS: dict[str, Callable[[str], Any]] = {
    "id": UUID,
    "client": UUID,
    "delivery": UUID,
    "state": _state,
    "user": _user,
    "since": _instant,
    "before": _instant,
    "received_since": _instant,
    "received_before": _instant,
}
