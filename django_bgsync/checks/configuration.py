"""The dict `BGSYNC`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any

from django.core import checks

from django_bgsync import conf
from django_bgsync.checks.values import wrong_values
from django_bgsync.conf import settings


def check_configuration(**kwargs: Any) -> list[checks.CheckMessage]:
    if any(wrong_values()):
        return []  # said by another check; nothing more can be said of them
    return [*_unknown_keys(), *_retention()]


def _unknown_keys() -> Iterator[checks.CheckMessage]:
    known = {
        "BGSYNC": (conf.configured(), conf.Settings.__annotations__),
        'BGSYNC["BACKOFF"]': (settings.BACKOFF, conf.BACKOFF_DEFAULTS),
        'BGSYNC["SERVICE_WORKER"]': (settings.SERVICE_WORKER, conf.SERVICE_WORKER_DEFAULTS),
    }
    for place, (found, names) in known.items():
        for key in found:
            if key not in names:
                yield checks.Error(f"{place} has no key {key!r}.", hint=_suggestion(key, names), id="bgsync.E001")


def _suggestion(key: object, names: Collection[str]) -> str:
    close = get_close_matches(str(key).upper(), names) or get_close_matches(str(key), names)
    return f"Write {close[0]!r}." if close else f"Take it out. There are {', '.join(names)}."


def _retention() -> Iterator[checks.CheckMessage]:
    if conf.seconds(settings.RETAIN_ITEMS) <= conf.seconds(settings.CLIENT_MAX_AGE):
        yield checks.Error(
            "Items are forgotten while clients may still send them.",
            hint='Make BGSYNC["RETAIN_ITEMS"] longer than BGSYNC["CLIENT_MAX_AGE"]; by default it is 400 days to 30.',
            id="bgsync.E002",
        )
