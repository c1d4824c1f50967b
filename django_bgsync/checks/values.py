"""Values of `BGSYNC` that would be an error in a request, later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from django_bgsync import conf, drf, feeds
from django_bgsync.conf import settings
from django_bgsync.feeds import RegisteredFeed
from django_bgsync.handlers import Handler, registry
from django_bgsync.receiving import throttling


def check_values(**kwargs: Any) -> list[checks.CheckMessage]:
    return [*wrong_values(), *_classes()]


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_count(value: Any) -> bool:
    return is_number(value) and bool(value)


def is_duration(value: Any) -> bool:
    """A timedelta, or a number of seconds."""
    if isinstance(value, timedelta):
        return value >= timedelta(0)
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= timedelta.max.total_seconds()
    )


def is_factor(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 1


def is_rate(value: Any) -> bool:
    try:
        return value is None or (isinstance(value, str) and bool(throttling.parse(value)))
    except ImproperlyConfigured:
        return False


def is_place(value: Any) -> bool:
    return value is None or isinstance(value, str | Path)


def is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def is_switch(value: Any) -> bool:
    return isinstance(value, bool)


def is_switch_or_url(value: Any) -> bool:
    """A relative URL would be another one on each page."""
    return is_switch(value) or (is_text(value) and value.startswith(("/", "https://", "http://")))


def is_offline_page(value: Any) -> bool:
    return value is None or value is True or is_text(value)


def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def is_texts(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(map(is_text, value))


def is_mappings(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(map(is_mapping, value))


Kind = tuple[Callable[[Any], bool], str]
NUMBER: Kind = (is_number, "a whole number, not below 0")
COUNT: Kind = (is_count, "a whole number above 0")
DURATION: Kind = (is_duration, "a timedelta or a number of seconds, not below 0")
FACTOR: Kind = (is_factor, "a number of at least 1")
RATE: Kind = (is_rate, '"6000/min", or /s, /hour or /day, or None')
PLACE: Kind = (is_place, "a path, or None")
MAPPING: Kind = (is_mapping, "a dict")
TEXTS: Kind = (is_texts, "a list of URLs or names of static files")
SIZES = ("MAX_ITEMS", "MAX_BYTES", "MAX_ITEM_BYTES", "MAX_FILE_BYTES", "MAX_DELIVERY_FILE_BYTES", "MAX_JSON_DEPTH")
TIMES = ("TIME_BUDGET", "CLIENT_MAX_AGE", "RETAIN_ITEMS", "RETAIN_PAYLOADS", "RETAIN_ATTEMPTS", "RETAIN_DELIVERIES")
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(SIZES, COUNT),
    "MAX_FILES": NUMBER,
    **dict.fromkeys(TIMES, DURATION),
    "THROTTLE_ITEMS": RATE,
    "FILE_ROOT": PLACE,
    "BACKOFF": MAPPING,
    "SERVICE_WORKER": MAPPING,
}
BACKOFF_KINDS: Mapping[str, Kind] = {"first": DURATION, "factor": FACTOR, "cap": DURATION}

SERVICE_WORKER_KINDS: Mapping[str, Kind] = {
    "ENABLED": (is_switch, "True or False"),
    "REGISTER": (is_switch_or_url, "True, False or the URL of a worker, from its first slash"),
    "SCOPE": (is_text, "a path of this site"),
    "OFFLINE_URL": (is_offline_page, "None, True for our page, or the URL of yours"),
    "PRECACHE": TEXTS,
    "CAPTURE": (is_mappings, 'a list of dicts such as {"url": "^/api/"}'),
    "IMPORT_SCRIPTS": TEXTS,
}
NESTED: Mapping[str, Mapping[str, Kind]] = {"BACKOFF": BACKOFF_KINDS, "SERVICE_WORKER": SERVICE_WORKER_KINDS}


def wrong_values() -> Iterator[checks.CheckMessage]:
    configured = conf.configured()
    if not is_mapping(configured):
        yield _wrong("BGSYNC", configured, MAPPING)
        return
    for name, kind in KINDS.items():
        if not kind[0](value := getattr(settings, name)):
            yield _wrong(f'BGSYNC["{name}"]', value, kind)
    for name, kinds in NESTED.items():
        yield from _wrong_within(name, kinds)


def _wrong_within(name: str, kinds: Mapping[str, Kind]) -> Iterator[checks.CheckMessage]:
    given = getattr(settings, name)
    for key, value in given.items() if is_mapping(given) else ():
        if (wanted := kinds.get(key)) and not wanted[0](value):
            yield _wrong(f'BGSYNC["{name}"]["{key}"]', value, wanted)


def _wrong(place: str, value: object, kind: Kind) -> checks.CheckMessage:
    return checks.Error(f"{place} is {value!r}.", hint=f"Make it {kind[1]}.", id="bgsync.E005")


def _classes() -> Iterator[checks.CheckMessage]:
    """Everything that is loaded at the first request that needs it."""
    if not is_mapping(conf.configured()):
        return
    places: dict[str, Any] = {'BGSYNC["PERMISSION_CLASSES"]': settings.PERMISSION_CLASSES}
    functions: list[Handler | RegisteredFeed] = [*registry.values(), *feeds.registry.values()]
    for registered in functions:
        places[f"permission_classes of {registered.path}"] = registered.permission_classes
    for place, entries in places.items():
        yield from _unusable(place, entries, "has_permission", "permissions.IsAuthenticated")
    authentication = settings.AUTHENTICATION_CLASSES or ()
    place = 'BGSYNC["AUTHENTICATION_CLASSES"]'
    yield from _unusable(place, authentication, "authenticate", "authentication.SessionAuthentication")
    if settings.AUTHENTICATION_CLASSES is None and not drf.knows_sessions():
        yield checks.Warning(
            "None of DRF's DEFAULT_AUTHENTICATION_CLASSES knows the sessions of your pages: to the endpoint nobody is "
            "signed in, and items wait for ever.",
            hint='BGSYNC = {"AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"]}, or '
            "yours, with the headers that they need in bgsync.configure({headers}).",
            id="bgsync.W052",
        )


def _unusable(place: str, entries: Any, member: str, example: str) -> Iterator[checks.CheckMessage]:
    if fault := _fault(entries, member):
        hint = f'Write a list of dotted paths, for instance ["rest_framework.{example}"].'
        yield checks.Error(f"{place} cannot be used: {fault}.", hint=hint, id="bgsync.E006")


def _fault(entries: Any, member: str) -> str:
    """What keeps these classes from being loaded, or from doing what classes with this member do."""
    if isinstance(entries, str) or not isinstance(entries, Iterable):
        return f"{entries!r} is no list"
    for entry in entries:
        try:
            found = import_string(entry) if isinstance(entry, str) else entry
        except ImportError as error:
            return str(error).rstrip(".")
        if not callable(found):
            return f"{entry!r} is no class"
        if isinstance(found, type) and not hasattr(found, member):  # DRF's `A | B` is none
            return f"{entry!r} has no {member}"
    return ""
