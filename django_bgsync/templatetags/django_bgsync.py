"""`{% bgsync_script %}`, `{% bgsync_config %}` and `{% bgsync_status %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings as django_settings
from django.forms.utils import flatatt
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from django_bgsync import conf, service_worker
from django_bgsync.service_worker import bundles

register = template.Library()

PARTS = ("engine", "feeds", "inspector", "pages", "requests")
"""What the page script loads when it needs it: `client/src/page-parts`."""

PLURALS = {"zero": 0, "one": 1, "two": 2, "few": 3, "many": 11, "other": 100}
"""A number of each of CLDR's plural categories; the element picks by Intl.PluralRules."""


@register.simple_tag(takes_context=True)
def bgsync_script(context: Context, app_version: str = "") -> SafeString:
    """The page script with its configuration in data attributes: no inline code, nothing of the user.

    `app_version` is what the site calls its release; the history of each client shows it.
    """
    attributes = {
        "src": _script_url("bgsync"),
        "defer": True,
        **_site(app_version),
        **{f"data-part-{name}": _script_url(f"bgsync-{name}") for name in PARTS},
        "nonce": _nonce(context),
    }
    return format_html("<script{}></script>", flatatt({name: value for name, value in attributes.items() if value}))


@register.simple_tag
def bgsync_config(app_version: str = "") -> SafeString:
    """The same configuration as `<meta name="bgsync">`, for sites that bundle the npm package into their own script."""
    attributes = {"name": "bgsync", **_site(app_version)}
    return format_html("<meta{}>", flatatt({name: value for name, value in attributes.items() if value}))


@register.simple_tag
def bgsync_status() -> SafeString:
    """`<bgsync-status>`: how the connection and the outbox stand, in the page's language. Empty without JavaScript."""
    attributes = {
        "role": "status",
        "aria-live": "polite",
        "data-offline": _("Offline"),
        "data-unreachable": _("Server not reachable"),
        "data-sending": _("Sending"),
        "data-blocked": _("Sign in to send"),
    }
    for category, count in PLURALS.items():
        attributes[f"data-pending-{category}"] = ngettext("{count} not yet sent", "{count} not yet sent", count)
        attributes[f"data-parked-{category}"] = ngettext("{count} needs you", "{count} need you", count)
    return format_html("<bgsync-status{}></bgsync-status>", flatatt(attributes))


def _script_url(name: str) -> str:
    return static(bundles.static_name(name, readable=django_settings.DEBUG))


def _site(app_version: str) -> dict[str, Any]:
    """What the page must know of the site, as data attributes; those without a value are left out."""
    config = service_worker.configuration()
    return {
        "data-base": config["base"],
        "data-scope": conf.service_worker("ENABLED") and config["scope"],
        "data-csrf-cookie": config["csrfCookie"],
        "data-csrf-header": config["csrfHeader"],
        "data-max-age": config["maxAge"],
        "data-worker": _worker_url(),
        "data-app-version": app_version,
    }


def _worker_url() -> str:
    """Where the page finds the worker to register: ours, the project's own, or nowhere."""
    chosen = conf.service_worker("REGISTER")
    if not conf.service_worker("ENABLED") or not chosen:
        return ""
    return chosen if isinstance(chosen, str) else reverse("django_bgsync:service-worker")


def _nonce(context: Context) -> str:
    """Django 6's context processor, or django-csp's attribute of the request."""
    nonce = context.get("csp_nonce")
    # Not "or": Django's is false as long as nobody has asked for it.
    return str(getattr(context.get("request"), "csp_nonce", "") if nonce is None else nonce)
