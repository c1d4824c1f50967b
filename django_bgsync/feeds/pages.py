"""Calling a feed's function, and what it returns as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from django_bgsync.conf import MEBIBYTE
from django_bgsync.exceptions import BadFeed, InvalidCursor
from django_bgsync.feeds import Feed, RegisteredFeed

MAX_CURSOR = 1024
"""Characters."""
MAX_ITEMS = 1000
"""In one page: items, and deleted ids."""
MAX_BYTES = MEBIBYTE
"""Of one page, as JSON."""
MAX_PATHS = 100
"""In `cache`."""
_ENCODER = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What is sent."""

    body: bytes
    items: int
    has_more: bool


def read_cursor(text: str | None) -> str | None:
    """The cursor of a request; None for none. Raises InvalidCursor for what no feed can have handed out."""
    if text and (len(text) > MAX_CURSOR or "\0" in text):
        raise InvalidCursor(f"A cursor has at most {MAX_CURSOR} characters.")
    return text or None


def read_page(feed: RegisteredFeed, request: Any, cursor: str | None, owner_key: str) -> Page:
    """The page after a cursor. Raises BadFeed for what cannot be sent, and whatever the feed's function raises."""
    page = feed.function(request, cursor)
    if not isinstance(page, Feed):
        raise BadFeed(f"{feed.path} returned {type(page).__name__}, not a Feed.")
    _check_cursor(page, cursor)
    items = _listed("items", page.items, MAX_ITEMS, _is_item, 'dicts with an "id", which is text or a number')
    deleted = _listed("deleted", page.deleted, MAX_ITEMS, _is_id, "ids, text or numbers")
    paths = _listed("cache", page.cache, MAX_PATHS, _is_path, 'paths of this site, which begin with one "/"')
    document = {
        "bgsync": 1,
        "feed": feed.name,
        "owner": owner_key,
        "min_interval": feed.min_seconds,
        "items": items,
        "deleted": deleted,
        "cursor": cursor if page.cursor is None else page.cursor,
        "more": bool(page.more),
        "reset": page.reset or cursor is None,
        "cache": paths,
    }
    return Page(body=_encode(document), items=len(items), has_more=bool(page.more))


def _encode(document: Mapping[str, Any]) -> bytes:
    try:
        body = _ENCODER.encode(document).encode()
    except (TypeError, ValueError, RecursionError) as error:  # UnicodeEncodeError is a ValueError
        raise BadFeed(f"This cannot be written as JSON: {error}") from error
    if len(body) > MAX_BYTES:
        raise BadFeed(f"The page has {len(body)} bytes; {MAX_BYTES} are allowed: send fewer items, with more=True.")
    return body


def _listed(name: str, entries: Any, most: int, is_fit: Callable[[Any], bool], what: str) -> list[Any]:
    """As a list, whatever the feed's function made of it: a queryset, a generator."""
    if not isinstance(entries, Iterable) or isinstance(entries, str | bytes | Mapping):
        raise BadFeed(f"{name} must be a list, not {type(entries).__name__}.")
    listed = list(islice(entries, most + 1))
    if len(listed) > most:
        raise BadFeed(f"{name} has more than {most} entries: send fewer, with more=True.")
    for entry in listed:
        if not is_fit(entry):
            raise BadFeed(f"{name} must hold {what}; {repr(entry)[:100]} is none.")
    return listed


def _is_item(value: Any) -> bool:
    return isinstance(value, Mapping) and _is_id(value.get("id"))


def _is_id(value: Any) -> bool:
    # bool is an int to Python.
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str | UUID) and bool(value))


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("/") and not value.startswith("//")


def _check_cursor(page: Feed, cursor: str | None) -> None:
    if page.cursor is not None and not (isinstance(page.cursor, str) and 0 < len(page.cursor) <= MAX_CURSOR):
        raise BadFeed(f"cursor must be text of 1 to {MAX_CURSOR} characters.")
    if page.more and page.cursor in (None, cursor):
        raise BadFeed("more=True needs another cursor than before: the client would ask for this page for ever.")
