"""What `BGSYNC["SERVICE_WORKER"]` tells the worker to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.contrib.staticfiles import finders
from django.core import checks
from django.urls import NoReverseMatch

from django_bgsync import conf, service_worker
from django_bgsync.checks.browser import is_ours
from django_bgsync.checks.values import wrong_values
from django_bgsync.service_worker import precache

METHODS = ("POST", "PUT", "PATCH", "DELETE")
VERDICTS = ("header", "status")
_PATTERN_KEYS = ("url", "methods", "verdict")
_PYTHON_ONLY = re.compile(
    r"""(?<!\\)(?:\\\\)*            # not itself escaped
    (?: \(\?P[<=] | \(\?[aiLmsux-]+[:)] | \(\?\# | \(\?\( | \(\?>  # groups
      | \\[AZ] | \\N\{                                        # escapes
      | (?:[*+?]|\{\d*,?\d*\})\+ )                             # possessive quantifiers
    """,
    re.VERBOSE,
)
"""What Python's regular expressions have and JavaScript's do not, or read as something else."""

_CHARACTERS = re.compile(r"\[(?:\\.|[^\]\\])*\]")


def check_service_worker(**kwargs: Any) -> list[checks.CheckMessage]:
    if any(wrong_values()) or not conf.service_worker("ENABLED"):
        return []
    try:
        return [*_captures(), *_places(), *_missing_files(), *_reach()]
    except NoReverseMatch:
        return []  # another check tells that our URLs are nowhere, which is where a worker begins


def _captures() -> Iterator[checks.CheckMessage]:
    for number, pattern in enumerate(conf.service_worker("CAPTURE")):
        for fault, hint in _faults(pattern):
            yield checks.Error(f'BGSYNC["SERVICE_WORKER"]["CAPTURE"][{number}]: {fault}.', hint=hint, id="bgsync.E046")


def _faults(pattern: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in pattern:
        if key not in _PATTERN_KEYS:
            yield f"nobody reads {key!r}", f"There are {', '.join(_PATTERN_KEYS)}."
    if fault := _fault_of_url(pattern.get("url")):
        yield f"url {fault}", 'Write a regular expression for paths that JavaScript understands too: {"url": "^/api/"}'
    methods = pattern.get("methods", METHODS)
    if isinstance(methods, str) or not methods or not set(methods) <= set(METHODS):
        yield f"methods are {methods!r}", f"Choose from {list(METHODS)}; a GET has nothing to be kept."
    if (verdict := pattern.get("verdict", VERDICTS[0])) not in VERDICTS:
        yield f"verdict is {verdict!r}", '"header" for views under @idempotent, "status" for others'


def _fault_of_url(url: Any) -> str:
    if not isinstance(url, str) or not url:
        return f"is {url!r}"
    try:
        re.compile(url)
    except re.error as error:
        return f"{url!r} is no regular expression: {error}"
    found = _PYTHON_ONLY.search(_CHARACTERS.sub("[]", url))
    return f"{url!r} holds {found[0]!r}, which JavaScript does not know" if found else ""


def _places() -> Iterator[checks.CheckMessage]:
    """What the worker keeps has to be of this site: of another one it cannot see whether it got a page or an error."""
    offline = conf.service_worker("OFFLINE_URL")
    # Our own files lie together: the last of them speaks for all.
    kept = [*conf.service_worker("PRECACHE"), *precache.own_entries()[-1:]]
    named = {"PRECACHE": kept, "OFFLINE_URL": [offline] if isinstance(offline, str) else []}
    for option, entries in named.items():
        for entry in entries:
            url = entry if option == "OFFLINE_URL" else precache.url(entry)
            if url and (not url.startswith("/") or url.startswith("//")):
                yield checks.Error(
                    f'BGSYNC["SERVICE_WORKER"]["{option}"]: {entry!r} leads to {url}, which is not on this site.',
                    hint="Write a path, or the name of a static file where STATIC_URL is on this site.",
                    id="bgsync.E047",
                )


def _missing_files() -> Iterator[checks.CheckMessage]:
    for option in ("PRECACHE", "IMPORT_SCRIPTS"):
        for entry in conf.service_worker(option):
            if not precache.is_url(entry) and not finders.find(entry):
                yield checks.Warning(
                    f'BGSYNC["SERVICE_WORKER"]["{option}"]: there is no static file {entry!r}.',
                    hint=f"Write the name as for {{% static %}}, or a path: '/{entry}'.",
                    id="bgsync.W048",
                )


def _reach() -> Iterator[checks.CheckMessage]:
    """A worker reaches no further than its own directory, but for the header that our view sends."""
    chosen, scope = conf.service_worker("REGISTER"), service_worker.scope()
    if not isinstance(chosen, str) or is_ours(chosen):
        return
    directory = urlsplit(chosen).path.rpartition("/")[0] + "/"
    if not scope.startswith(directory):
        yield checks.Warning(
            f"{chosen} can be registered for {directory} and below, the scope is {scope}.",
            hint=f"Serve it from the root, or with the header 'Service-Worker-Allowed: {scope}', or "
            f'BGSYNC = {{"SERVICE_WORKER": {{"SCOPE": "{directory}"}}}}',
            id="bgsync.W049",
        )
