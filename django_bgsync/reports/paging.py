"""Pages of a long list by key: the thousandth costs what the first does, and no row is counted."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

OLDEST = "last"
"""The cursor of the last page."""


class UnknownCursor(ValueError):
    """Not a cursor of this list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Some rows, and the cursors of the pages beside it (None: there is none)."""

    rows: list[Any]
    previous: str | None
    next: str | None


def page(rows: QuerySet[Any], key: tuple[str, ...], cursor: str, size: int) -> Page:
    """The rows at a cursor ("" for the first page). `key` are the fields that order the list, all ascending or, with
    a minus, all descending; together they are unique and none is null.

    Raises UnknownCursor.
    """
    is_backward, place = (True, None) if cursor == OLDEST else _read(cursor, rows.model, key)
    ordered = rows.order_by(*(_turned(key) if is_backward else key))
    if place is not None:
        ordered = _beyond(ordered, key, place, is_backward=is_backward)
    found = list(ordered[: size + 1])
    kept, has_more = found[:size], len(found) > size
    if is_backward:
        kept.reverse()
    has_previous, has_next = (has_more, place is not None) if is_backward else (place is not None, has_more)
    return Page(
        rows=kept,
        previous=_write(kept[0], key, "<") if kept and has_previous else None,
        next=_write(kept[-1], key, ">") if kept and has_next else None,
    )


def _turned(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in key)


def _beyond(rows: QuerySet[Any], key: tuple[str, ...], place: list[Any], *, is_backward: bool) -> QuerySet[Any]:
    goes_down = key[0].startswith("-") != is_backward
    closer, past = ("lte", "gte") if goes_down else ("gte", "lte")
    first, *rest = (name.lstrip("-") for name in key)
    if not rest:
        return rows.filter(**{f"{first}__{'lt' if goes_down else 'gt'}": place[0]})
    # Says the same as "a < x or (a = x and b < y)", but the first condition finds its place in an index.
    seen = {first: place[0], f"{rest[0]}__{past}": place[1]}
    return rows.filter(**{f"{first}__{closer}": place[0]}).exclude(**seen)


def _write(row: Model, key: tuple[str, ...], direction: str) -> str:
    values = [getattr(row, name.lstrip("-")) for name in key]
    texts = [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]
    return urlsafe_b64encode(json.dumps([direction, *texts]).encode()).decode().rstrip("=")


def _read(cursor: str, model: type[Model], key: tuple[str, ...]) -> tuple[bool, list[Any] | None]:
    if not cursor:
        return False, None
    try:
        direction, *texts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if direction not in ("<", ">"):
            raise UnknownCursor(cursor)
        return direction == "<", [_value(model, name, text) for name, text in zip(key, texts, strict=True)]
    except (ValueError, TypeError, RecursionError, OverflowError, ValidationError) as error:
        raise UnknownCursor(cursor) from error


def _value(model: type[Model], name: str, text: Any) -> Any:
    """A field's value from the text of it; what is no text of ours raises ValueError, TypeError or ValidationError."""
    if not isinstance(text, str):
        raise TypeError(text)
    field = model._meta.pk if name.lstrip("-") == "pk" else model._meta.get_field(name.lstrip("-"))
    value = field.to_python(text)  # type: ignore[union-attr]  # none is a relation
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(text)
    if not isinstance(value, datetime | UUID | str) or "\0" in text:
        raise ValueError(text)
    return value
