"""{% bgsync_script %} and {% bgsync_status %}."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.template import Context, Template
from django.utils.translation import override


class LazyNonce:
    """As Django 6's: false as long as nobody has asked for it."""

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return "abc"


MANIFEST = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
SCRIPT = {
    "src": "/static/django_bgsync/bgsync.min.js",
    "defer": None,
    "data-base": "/bgsync/",
    "data-worker": "/bgsync/sw.js",
    "data-scope": "/",
    "data-csrf-cookie": "csrftoken",
    "data-csrf-header": "X-CSRFTOKEN",
    "data-max-age": "2592000000",
    "data-part-engine": "/static/django_bgsync/bgsync-engine.min.js",
    "data-part-feeds": "/static/django_bgsync/bgsync-feeds.min.js",
    "data-part-inspector": "/static/django_bgsync/bgsync-inspector.min.js",
    "data-part-pages": "/static/django_bgsync/bgsync-pages.min.js",
    "data-part-requests": "/static/django_bgsync/bgsync-requests.min.js",
}


class Elements(HTMLParser):
    """The elements of a text, and whatever stands between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def render(tag: str, **context: Any) -> Elements:
    return Elements(Template(f"{{% load django_bgsync %}}{{% {tag} %}}").render(Context(context)))


def script(**context: Any) -> dict[str, str | None]:
    [(tag, attributes)] = render("bgsync_script", **context).found
    assert tag == "script"
    return attributes


def test_script():
    """Exactly one script element, with the site's configuration in attributes and nothing inline."""
    elements = render("bgsync_script")

    assert (elements.found, elements.text) == ([("script", SCRIPT)], "")


def test_script_names_no_user():
    """Whoever the page is rendered for, the element is the same: it may be cached."""
    request = SimpleNamespace(user=SimpleNamespace(pk=7, username="ada"))

    assert script(request=request, user=request.user) == SCRIPT


def test_debug(settings):
    """With DEBUG the readable bundles are loaded."""
    settings.DEBUG = True

    assert script()["src"] == "/static/django_bgsync/bgsync.js"
    assert script()["data-part-engine"] == "/static/django_bgsync/bgsync-engine.js"


def test_every_part_has_its_address():
    """A part that the page does not know where to find could never be loaded."""
    parts = Path(__file__).parents[2] / "client/src/page-parts"

    assert {f"data-part-{path.name}" for path in parts.iterdir()} <= script().keys()


def test_parts_with_hashed_names(settings, tmp_path):
    """Where the site's storage has put a hash into the name, the part is under that name."""
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": MANIFEST}}
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", interactive=False, verbosity=0)
    path = script()["data-part-engine"]

    assert re.fullmatch(r"/static/django_bgsync/bgsync-engine\.min\.[0-9a-f]{12}\.js", path)
    assert (tmp_path / path.removeprefix("/static/")).exists()


@pytest.mark.parametrize(
    "context",
    [
        pytest.param({"csp_nonce": "abc"}, id="a text"),
        pytest.param({"csp_nonce": LazyNonce()}, id="Django's context processor"),
        pytest.param({"request": SimpleNamespace(csp_nonce="abc")}, id="django-csp"),
        pytest.param({"csp_nonce": "abc", "request": SimpleNamespace(csp_nonce="old")}, id="both"),
    ],
)
def test_nonce(context):
    """A nonce of the page's Content Security Policy is put on the element."""
    assert script(**context) == {**SCRIPT, "nonce": "abc"}


@pytest.mark.parametrize("context", [{"csp_nonce": ""}, {"request": SimpleNamespace()}, {"request": None}])
def test_no_nonce(context):
    """Without a nonce there is no such attribute."""
    assert script(**context) == SCRIPT


def test_values_are_escaped(settings):
    """Names of the project cannot break out of their attribute."""
    settings.CSRF_COOKIE_NAME = '"><script>alert(1)</script>'

    assert script(csp_nonce='"><b>') == {
        **SCRIPT,
        "data-csrf-cookie": '"><script>alert(1)</script>',
        "nonce": '"><b>',
    }


def test_names_of_the_project(settings):
    """The page is told the project's own cookie, header and scope."""
    settings.CSRF_COOKIE_NAME = "token"
    settings.CSRF_HEADER_NAME = "HTTP_X_MY_TOKEN"
    settings.BGSYNC = {"SERVICE_WORKER": {"SCOPE": "/shop/"}}

    assert script() == {
        **SCRIPT,
        "data-csrf-cookie": "token",
        "data-csrf-header": "X-MY-TOKEN",
        "data-scope": "/shop/",
    }


@pytest.mark.parametrize(
    ("service_worker", "untold"),
    [
        ({"REGISTER": False}, {"data-worker"}),
        ({"ENABLED": False}, {"data-worker", "data-scope"}),
        ({"ENABLED": False, "REGISTER": "/x.js"}, {"data-worker", "data-scope"}),
    ],
)
def test_nothing_to_register(settings, service_worker, untold):
    """Without a worker to register the page is told of none; where there is to be none, it does not look for one."""
    settings.BGSYNC = {"SERVICE_WORKER": service_worker}

    assert script() == {name: value for name, value in SCRIPT.items() if name not in untold}


def test_worker_of_the_project(settings):
    """A project's own worker is registered where REGISTER names it."""
    settings.BGSYNC = {"SERVICE_WORKER": {"REGISTER": "/sw.js"}}

    assert script() == {**SCRIPT, "data-worker": "/sw.js"}


STATUS = {
    "role": "status",
    "aria-live": "polite",
    "data-offline": "Offline",
    "data-unreachable": "Server not reachable",
    "data-sending": "Sending",
    "data-blocked": "Sign in to send",
    "data-pending-one": "{count} not yet sent",
    "data-parked-one": "{count} needs you",
    **{f"data-pending-{category}": "{count} not yet sent" for category in ("zero", "two", "few", "many", "other")},
    **{f"data-parked-{category}": "{count} need you" for category in ("zero", "two", "few", "many", "other")},
}


def test_status():
    """An empty element that says all its texts in attributes."""
    elements = render("bgsync_status")

    assert (elements.found, elements.text) == ([("bgsync-status", STATUS)], "")


def test_status_in_a_language_without_translation():
    """A language that has no translation gets English."""
    with override("fr"):
        assert render("bgsync_status").found == [("bgsync-status", STATUS)]


def test_app_version():
    """The site's release, for the history of each client; any value is only text."""
    [(_, attributes)] = render('bgsync_script app_version="1.4.0 \'>"').found

    assert attributes == {**SCRIPT, "data-app-version": "1.4.0 '>"}


def test_configuration_without_the_script():
    """For sites that bundle the package themselves: the same attributes, on one element that loads nothing."""
    elements = render('bgsync_config app_version="1.4.0"')
    site = {name: value for name, value in SCRIPT.items() if name.startswith("data-") and "-part-" not in name}

    assert elements.found == [("meta", {"name": "bgsync", **site, "data-app-version": "1.4.0"})]
    assert elements.text == ""
