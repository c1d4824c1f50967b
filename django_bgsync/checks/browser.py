"""What keeps browsers from running the service worker, or the worker from sending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.core import checks
from django.urls import NoReverseMatch, reverse

from django_bgsync import conf

_SCRIPTS = ("worker-src", "child-src", "script-src", "default-src")
"""Which directive of a Content-Security-Policy speaks of workers: the first of these that is there (CSP 3, 6.1.16)."""


def check_browser(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        worker = reverse("django_bgsync:service-worker")
    except NoReverseMatch:
        return [
            checks.Error(
                "The URLs of django_bgsync are not in your project.",
                hint='path("bgsync/", include("django_bgsync.urls"))',
                id="bgsync.E040",
            )
        ]
    return [*_scope(), *_https(), *_cookies(worker), *_policy(), *_shadows(worker)]


def _scope() -> Iterator[checks.CheckMessage]:
    scope = conf.service_worker("SCOPE")
    if not scope.startswith("/") or scope.startswith("//"):
        yield checks.Error(
            f"The scope {scope!r} of the service worker is no path of this site.",
            hint='BGSYNC = {"SERVICE_WORKER": {"SCOPE": "/"}}',
            id="bgsync.E041",
        )


def _https() -> Iterator[checks.CheckMessage]:
    """Cookies that are sent by HTTPS only, and nothing that leads there."""
    is_local = django_settings.DEBUG or django_settings.SECURE_SSL_REDIRECT
    if not is_local and django_settings.SECURE_HSTS_SECONDS:
        yield checks.Warning(
            "SECURE_HSTS_SECONDS is set, but plain HTTP is not redirected. Browsers run service workers on HTTPS only.",
            hint="SECURE_SSL_REDIRECT = True",
            id="bgsync.W042",
        )


def _cookies(worker: str) -> Iterator[checks.CheckMessage]:
    prefix = worker.rpartition("/")[0] + "/"
    for name in ("SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH"):
        if not prefix.startswith(path := getattr(django_settings, name)):
            yield checks.Warning(
                f"{name} is {path!r}: browsers do not send that cookie to {prefix}, where items are delivered.",
                hint=f'{name} = "/"',
                id="bgsync.W043",
            )


def _policy() -> Iterator[checks.CheckMessage]:
    policy: Mapping[str, Any] = getattr(django_settings, "SECURE_CSP", None) or {}  # Django 6.0
    for directive, wanted in ((_SCRIPTS, "worker-src"), (("connect-src", "default-src"), "connect-src")):
        sources = next((policy[name] for name in directive if name in policy), None)
        if sources is not None and not {"'self'", "*"} & set(sources):
            yield checks.Warning(
                f"SECURE_CSP forbids what {wanted} has to allow: the service worker and its deliveries.",
                hint=f'SECURE_CSP = {{"{wanted}": [CSP.SELF], ...}}',
                id="bgsync.W044",
            )


def _shadows(worker: str) -> Iterator[checks.CheckMessage]:
    """Files that WhiteNoise or the static files view answer before Django's URLs are asked."""
    root: str | None = getattr(django_settings, "WHITENOISE_ROOT", None)
    static = urlsplit(django_settings.STATIC_URL or "").path
    is_shadowed = root is not None and (Path(root) / worker.lstrip("/")).is_file()
    if not is_shadowed and len(static) > 1 and worker.startswith(static):
        is_shadowed = finders.find(worker.removeprefix(static)) is not None or not django_settings.DEBUG
    if is_shadowed:
        yield checks.Warning(
            f"A static file is served at {worker} instead of the service worker.",
            hint="Remove that file from WHITENOISE_ROOT, or move STATIC_URL away from the URLs of django_bgsync.",
            id="bgsync.W045",
        )
