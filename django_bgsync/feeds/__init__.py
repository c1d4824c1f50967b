"""The registry of feeds, and the page of news that a feed's function returns.

Projects register beside their handlers, in a module `bgsync.py` of any installed app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured

from django_bgsync.handlers import Registry
from django_bgsync.protocol import TAG


@dataclass(frozen=True, kw_only=True, slots=True)
class Feed:
    """One page of a feed: what has changed since the cursor that the client has named."""

    items: Iterable[Mapping[str, Any]] = ()
    """What is new or has changed, the oldest first: at most 1,000 dicts, of a serializer or a queryset's `values()`.
    Each has an `id` (text or number), under which the device keeps it; dates, decimals and UUIDs are sent as text.
    """
    deleted: Iterable[str | int | UUID] = ()
    """The ids of what is gone. Taken out before `items` are put in."""
    cursor: str | None = None
    """Where this page ends, for the next call; at most 1,024 characters. None: where the call began."""
    more: bool = False
    """There is another page, which the client asks for at once."""
    reset: bool = False
    """This page and those after it take the place of everything the device has, once the last of them is there. Implied
    where there was no cursor.
    """
    cache: Iterable[str] = ()
    """Pages of the site that the device is to keep for this user: paths that begin with a slash."""


Source = Callable[..., Feed]
FeedFunction = TypeVar("FeedFunction", bound=Source)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisteredFeed:
    """One registered function and its options; see `sync_feed`."""

    name: str
    function: Source
    min_interval: timedelta = timedelta(hours=12)
    permission_classes: Sequence[Any] = ()
    title: str = ""

    @property
    def path(self) -> str:
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @property
    def min_seconds(self) -> int:
        return int(self.min_interval.total_seconds())


registry: Registry[RegisteredFeed] = Registry()


def sync_feed(
    name: str,
    *,
    min_interval: timedelta = timedelta(hours=12),
    permission_classes: Sequence[Any] | None = None,
    title: str = "",
) -> Callable[[FeedFunction], FeedFunction]:
    """Register a function that tells devices what is new, for reading without a connection.

    The function gets DRF's request and the cursor up to which the device has everything (None at the beginning, and
    after `Feed(reset=True)` has been asked for by a bad cursor), and returns a `Feed`. It may raise `ValidationError`
    for a cursor that it does not know (the device begins anew), `PermissionDenied` or `Http404`; anything else is
    recorded, and the device asks again later. `min_interval` is how often a device asks by itself, at most.
    """
    if not TAG.fullmatch(name):
        raise ImproperlyConfigured(f"The feed's name {name!r} does not match {TAG.pattern}.")

    def decorate(function: FeedFunction) -> FeedFunction:
        registry.register(
            RegisteredFeed(
                name=name,
                function=function,
                min_interval=min_interval,
                permission_classes=permission_classes or (),
                title=title,
            )
        )
        return function

    return decorate
