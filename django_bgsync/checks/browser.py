"""What keeps browsers from running the service worker, or the worker from sending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings as django_settings
from django.contrib.staticfiles import finders
from django.core import checks
from django.templatetags.static import static
from django.urls import NoReverseMatch, Resolver404, ResolverMatch, get_script_prefix, resolve, reverse

from django_bgsync import conf, service_worker
from django_bgsync.checks.values import wrong_values
from django_bgsync.views import ServiceWorkerView

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
    if any(wrong_values()):
        return []
    if not _is_asked():
        return [
            checks.Error(
                f"Another URL pattern of your project answers at {reverse('django_bgsync:session')}.",
                hint='Put path("bgsync/", include("django_bgsync.urls")) before the patterns that match everything.',
                id="bgsync.E051",
            )
        ]
    shadows = (message for url in {worker, *_registered()} for message in _shadows(url))
    return [*_scope(), *_https(), *_cookies(worker), *_policy(), *_static_host(), *shadows]


def is_ours(url: str) -> bool:
    """Whether our view serves the worker there."""
    found = _found(url)
    return found is not None and getattr(found.func, "view_class", None) is ServiceWorkerView


def _is_asked() -> bool:
    """Whether requests reach our URLs: the first pattern that matches answers, and may match everything."""
    found = _found(reverse("django_bgsync:session"))
    return found is not None and (found.app_names[-1:], found.url_name) == (["django_bgsync"], "session")


def _found(url: str) -> ResolverMatch | None:
    path = urlsplit(url).path
    try:
        return resolve("/" + path.removeprefix(get_script_prefix()).removeprefix("/"))
    except Resolver404:
        return None


def _registered() -> Iterator[str]:
    """Where pages look for our worker, if that is another place."""
    if isinstance(chosen := conf.service_worker("REGISTER"), str) and is_ours(chosen):
        yield urlsplit(chosen).path


def _scope() -> Iterator[checks.CheckMessage]:
    scope = service_worker.scope()
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


def _static_host() -> Iterator[checks.CheckMessage]:
    """A module of another origin is loaded with CORS (HTML Standard, 8.1.4.2); a classic script was not."""
    try:
        host = urlsplit(static("django_bgsync/bgsync.js")).netloc
    except ValueError:  # a manifest is asked for that `collectstatic` has yet to write
        return
    if host:
        yield checks.Warning(
            f"Static files come from {host}: without CORS, pages keep items, but cannot load what sends them.",
            hint="Let that host answer with Access-Control-Allow-Origin, then silence this check: "
            'SILENCED_SYSTEM_CHECKS = ["bgsync.W050"]',
            id="bgsync.W050",
        )


def _shadows(worker: str) -> Iterator[checks.CheckMessage]:
    """Files that WhiteNoise or the static files view answer before Django's URLs are asked."""
    root: str | None = getattr(django_settings, "WHITENOISE_ROOT", None)
    prefix = urlsplit(django_settings.STATIC_URL or "").path
    is_shadowed = root is not None and (Path(root) / worker.lstrip("/")).is_file()
    if not is_shadowed and len(prefix) > 1 and worker.startswith(prefix):
        is_shadowed = finders.find(worker.removeprefix(prefix)) is not None or not django_settings.DEBUG
    if is_shadowed:
        yield checks.Warning(
            f"A static file is served at {worker} instead of the service worker.",
            hint="Remove that file from WHITENOISE_ROOT, or move STATIC_URL away from the URLs of django_bgsync.",
            id="bgsync.W045",
        )
