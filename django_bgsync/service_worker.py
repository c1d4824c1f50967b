"""The text of the service worker, made from a template that projects may extend."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from django.conf import settings as django_settings
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import mark_safe

from django_bgsync import conf
from django_bgsync.conf import settings

TEMPLATE = "django_bgsync/service_worker.js"
REMOVAL = "django_bgsync/service_worker_removal.js"
SOURCE_MAP = "//# sourceMappingURL="


@dataclass(frozen=True, slots=True)
class Script:
    text: str
    etag: str


def render(*, lifecycle: bool = True) -> Script:
    """The worker as a browser gets it. Rendered without request and context processors: nothing of any user can be in
    it.
    """
    if not conf.service_worker("ENABLED"):
        return _script(get_template(REMOVAL).render({"lifecycle": lifecycle}))
    bundle = _bundle("bgsync-worker.js" if django_settings.DEBUG else "bgsync-worker.min.js")
    config = {**configuration(), "lifecycle": lifecycle, "version": _digest(bundle)[:16]}
    context = {"config": mark_safe(_script_json(config)), "bundle": mark_safe(bundle)}  # noqa: S308 - ours, and escaped
    return _script(get_template(TEMPLATE).render(context))


def configuration() -> dict[str, str | int]:
    """What page and worker must know of the site."""
    return {
        "base": reverse("django_bgsync:session").removesuffix("v1/session/"),
        "scope": conf.service_worker("SCOPE"),
        "csrfCookie": django_settings.CSRF_COOKIE_NAME,
        "csrfHeader": django_settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-"),
        "maxAge": round(conf.seconds(settings.CLIENT_MAX_AGE) * 1000),
    }


def _script(text: str) -> Script:
    return Script(text=text, etag=f'"{_digest(text)[:32]}"')


@cache
def _bundle(name: str) -> str:
    """A generated script, without the comment that names its source map: inlined, it has another address."""
    text = (files("django_bgsync") / "static" / "django_bgsync" / name).read_text()
    return "\n".join(line for line in text.splitlines() if not line.startswith(SOURCE_MAP))


def _script_json(value: Any) -> str:
    """JSON that is safe inside any script."""
    return json.dumps(value).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
