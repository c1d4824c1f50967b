"""The text of the service worker, made from a template that projects may extend."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from django.conf import settings as django_settings
from django.template.loader import get_template
from django.urls import get_script_prefix, reverse
from django.utils import translation
from django.utils.safestring import mark_safe

from django_bgsync import conf, feeds
from django_bgsync.conf import settings
from django_bgsync.service_worker import bundles, precache

TEMPLATE = "django_bgsync/service_worker.js"
REMOVAL = "django_bgsync/service_worker_removal.js"
PARTS: dict[str, Callable[[], bool]] = {
    "completion": lambda: True,
    "feeds": lambda: bool(feeds.registry),
    "offline": lambda: bool(conf.service_worker("CAPTURE") or precache.urls()),
    "capture": lambda: bool(conf.service_worker("CAPTURE")),
}
"""What the worker consists of beside its core, and whether this site needs it: `client/src/worker-parts`."""
HANDLING = ("offline", "capture")
"""The parts that handle requests of pages. A worker of the project's own does that itself."""
SOURCE_MAP = "//# sourceMappingURL="
CAPTURE_DEFAULTS = {"methods": ["POST", "PUT", "PATCH", "DELETE"], "verdict": "header"}


@dataclass(frozen=True, slots=True)
class Script:
    text: str
    etag: str


def render(*, lifecycle: bool = True) -> Script:
    """The worker as a browser gets it. Rendered without request, language and context processors: nothing of any user
    can be in it.
    """
    if not conf.service_worker("ENABLED"):
        return _script(get_template(REMOVAL).render({"lifecycle": lifecycle}))
    with translation.override(None):
        extras = _extras() if lifecycle else {}
        # A part plugs itself in where the core, which starts it, will look.
        names = [*(f"bgsync-worker-{name}" for name in _needed(lifecycle)), "bgsync-worker"]
        bundle = "\n".join(_bundle(name, readable=django_settings.DEBUG) for name in names)
        config = {**configuration(), "lifecycle": lifecycle, "version": _digest(bundle)[:16], **extras}
        scripts = [*filter(None, map(precache.url, conf.service_worker("IMPORT_SCRIPTS")))] if lifecycle else []
        context = {"config": config, "bundle": bundle, "scripts": scripts}
        return _script(get_template(TEMPLATE).render({name: _safe(value) for name, value in context.items()}))


def scope() -> str:
    """What the worker is registered for; unless it is said otherwise, the site, which may lie below a prefix."""
    given: str = settings.SERVICE_WORKER.get("SCOPE") or get_script_prefix()
    return given


def configuration() -> dict[str, str | int]:
    """What page and worker must know of the site."""
    return {
        "base": reverse("django_bgsync:session").removesuffix("v1/session/"),
        "scope": scope(),
        "csrfCookie": django_settings.CSRF_COOKIE_NAME,
        "csrfHeader": django_settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-"),
        "maxAge": round(conf.seconds(settings.CLIENT_MAX_AGE) * 1000),
    }


def _needed(lifecycle: bool) -> list[str]:
    return [name for name, is_needed in PARTS.items() if (lifecycle or name not in HANDLING) and is_needed()]


def _extras() -> dict[str, Any]:
    """What the parts that handle requests are told."""
    extras: dict[str, Any] = {}
    if capture := conf.service_worker("CAPTURE"):
        extras["capture"] = [{**CAPTURE_DEFAULTS, **pattern} for pattern in capture]
    if urls := precache.urls():
        extras["precache"] = {"version": precache.version(), "urls": urls, "offline": precache.offline_url()}
    return extras


def _safe(value: Any) -> str:
    """Ready for the template: text as it is, anything else as JSON; "" for nothing."""
    text = value if isinstance(value, str) else value and _script_json(value)
    return mark_safe(text or "")  # noqa: S308 - ours, and escaped


def _script(text: str) -> Script:
    return Script(text=text, etag=f'"{_digest(text)[:32]}"')


@cache
def _bundle(name: str, *, readable: bool) -> str:
    """A generated script, without the comment that names its source map: inlined, it has another address."""
    text = (files("django_bgsync") / "static" / bundles.static_name(name, readable=readable)).read_text()
    return "\n".join(line for line in text.splitlines() if not line.startswith(SOURCE_MAP))


def _script_json(value: Any) -> str:
    """JSON that is safe inside any script."""
    return json.dumps(value).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
