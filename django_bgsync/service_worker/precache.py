"""What the service worker keeps on the device for pages without a connection, and what it runs of the project's own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse

from django_bgsync import conf
from django_bgsync.service_worker import bundles

logger = logging.getLogger("django_bgsync")

OFFLINE = "django_bgsync/offline.html"
OFFLINE_STYLE = "django_bgsync/offline.css"
INSPECTOR = "django_bgsync/inspector.html"
INSPECTOR_STYLE = "django_bgsync/inspector.css"
INSPECTOR_BUNDLES = ("bgsync", "bgsync-engine", "bgsync-inspector")


def url(entry: str) -> str | None:
    """An entry of `PRECACHE` or `IMPORT_SCRIPTS`: a URL as it is, anything else is the name of a static file.

    None for a file that was not collected; without the worker there would be nothing at all.
    """
    try:
        return entry if is_url(entry) else static(entry)
    except ValueError:
        logger.warning("The service worker goes without %r: it was not collected, or see the check bgsync.W048.", entry)
        return None


def is_url(entry: str) -> bool:
    return entry.startswith("/") or "://" in entry


def offline_url() -> str | None:
    """Where the offline page is, None if the project wants none."""
    chosen: str | None = conf.service_worker("OFFLINE_URL") or None
    return reverse("django_bgsync:offline") if _has_our_offline_page() else chosen


def keeps_inspector() -> bool:
    """With our offline page, which leads to it, or where the project names it: without a connection is when people ask
    what has become of what they did.
    """
    return _has_our_offline_page() or reverse("django_bgsync:inspector") in conf.service_worker("PRECACHE")


def own_entries() -> list[str]:
    """What belongs to our own pages."""
    ours = [OFFLINE_STYLE] if _has_our_offline_page() else []
    if keeps_inspector():
        scripts = [bundles.static_name(name, readable=settings.DEBUG) for name in INSPECTOR_BUNDLES]
        ours += [reverse("django_bgsync:inspector"), INSPECTOR_STYLE, *scripts]
    return ours


def entries() -> list[str]:
    """Everything to be kept, each once: the project's, and ours."""
    return list(dict.fromkeys([*conf.service_worker("PRECACHE"), *own_entries()]))


def urls() -> list[str]:
    """The same as URLs, the offline page first."""
    return list(dict.fromkeys(filter(None, [offline_url(), *map(url, entries())])))


def version() -> str:
    """A digest of it: changes when a file does, so that devices fetch it again."""
    parts = [*urls(), *map(_digest_of, entries()), *_own_pages()]
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


def _has_our_offline_page() -> bool:
    return conf.service_worker("OFFLINE_URL") is True


def _own_pages() -> Iterator[str]:
    if _has_our_offline_page():
        yield _text_of(OFFLINE)
    if keeps_inspector():
        yield _text_of(INSPECTOR)


def _text_of(page: str) -> str:
    """As the project's template has it; "" if that needs a request, since without the worker there would be nothing."""
    try:
        return get_template(page).render({"home": get_script_prefix()})
    except Exception as error:
        logger.warning("%s cannot be rendered without a request, so its changes make no new worker: %r", page, error)
        return ""


def _digest_of(entry: str) -> str:
    """Of a static file whose URL does not name its content already; "" for what only a request could tell."""
    if is_url(entry) or not (url(entry) or "").endswith(entry):
        return ""
    found = finders.find(entry)
    return _digest(found, Path(found).stat().st_mtime_ns) if found else ""


@lru_cache(maxsize=256)
def _digest(path: str, _changed: int) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()
