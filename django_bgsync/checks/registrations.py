"""Handlers and feeds."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import iscoroutinefunction
from typing import Any

from django.core import checks

from django_bgsync import feeds
from django_bgsync.handlers import registry


def check_registrations(**kwargs: Any) -> list[checks.CheckMessage]:
    return [*_duplicates(), *_coroutines(), *_duplicate_feeds(), *_coroutine_feeds()]


def _duplicates() -> Iterator[checks.CheckMessage]:
    for kept, refused in registry.duplicates:
        yield checks.Error(
            f"Two handlers for the tag {kept.tag!r}: {kept.path} and {refused.path}. The first one is used.",
            hint=f'Rename one of the tags: @sync_handler("{kept.tag}-2")',
            id="bgsync.E003",
        )


def _coroutines() -> Iterator[checks.CheckMessage]:
    for handler in registry.values():
        if iscoroutinefunction(handler.function):
            yield checks.Error(
                f"The handler {handler.path} is async: it could not share a transaction with its item.",
                hint=f"Write `def {handler.function.__name__}(item)`, and call what is async by async_to_sync.",
                id="bgsync.E004",
            )


def _duplicate_feeds() -> Iterator[checks.CheckMessage]:
    for kept, refused in feeds.registry.duplicates:
        yield checks.Error(
            f"Two feeds of the name {kept.name!r}: {kept.path} and {refused.path}. The first one is used.",
            hint=f'Rename one of them: @sync_feed("{kept.name}-2")',
            id="bgsync.E007",
        )


def _coroutine_feeds() -> Iterator[checks.CheckMessage]:
    for feed in feeds.registry.values():
        if iscoroutinefunction(feed.function):
            yield checks.Error(
                f"The feed {feed.path} is async: it is called by a view that is not.",
                hint=f"Write `def {feed.function.__name__}(request, cursor)`, and call what is async by async_to_sync.",
                id="bgsync.E008",
            )
