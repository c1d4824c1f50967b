"""GET inspector/: the outbox of whoever looks, which only the browser knows."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.test.utils import override_script_prefix
from django.utils import translation

from tests.deliveries import Device

INSPECTOR = "/bgsync/inspector/"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
SOURCE = Path(__file__).parents[2] / "client/src"
VOID = {"meta", "link"}


class Page(HTMLParser):
    """The elements of a page, and the text that people are shown."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> set[str]:
        return {value or "" for _, attributes in self.tags for name, value in attributes.items() if name == attribute}

    def named(self, prefix: str) -> set[str]:
        """What follows the prefix in names of attributes."""
        names = {name for _, attributes in self.tags for name in attributes}
        return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


@pytest.fixture
def page() -> Page:
    return Page(Client().get(INSPECTOR).content.decode())


def test_page(page: Page):
    """A page of its own with the page script, for every cache to check again; every element is closed."""
    response = Client().get(INSPECTOR)

    assert (response.status_code, response["Cache-Control"]) == (200, "no-cache")
    assert ("script", "/static/django_bgsync/bgsync.min.js") in [(tag, found.get("src")) for tag, found in page.tags]
    assert page.open == []


def test_strict_policy(page: Page):
    """Under `default-src 'self'` nothing of it is refused: no inline script, style or handler."""
    assert [found for tag, found in page.tags if tag == "style" or (tag == "script" and "src" not in found)] == []
    assert [name for _, found in page.tags for name in found if name == "style" or name.startswith("on")] == []


def test_header_of_the_policy(settings: Any):
    """The site's own policy is left as it is."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "tests.browser.strict_settings.strict"]

    assert Client().get(INSPECTOR)["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")


@pytest.mark.parametrize("who", ["device", "visitor"])
def test_nothing_of_the_user(who: str, request: pytest.FixtureRequest):
    """It is kept on the device, which others may use: whoever asks, it is the same, and no session is looked up."""
    device: Device = request.getfixturevalue(who)

    response = device.http.get(INSPECTOR)
    assert response.content == Client().get(INSPECTOR).content
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_login_required_middleware(settings: Any, visitor: Device):
    """It is not redirected to the login: whose items are shown is not a question of the page."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOGIN_REQUIRED]

    assert visitor.http.get(INSPECTOR).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_to_send(method: str):
    """It takes nothing."""
    assert getattr(Client(), method)(INSPECTOR).status_code == 405


@pytest.mark.parametrize(("language", "opening"), [("en", '<html lang="en">'), ("ar", '<html lang="ar" dir="rtl">')])
def test_language(settings: Any, language: str, opening: str):
    """It says which language it is in, and follows the browser's wish."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]

    assert opening in Client().get(INSPECTOR, headers={"Accept-Language": language}).content.decode()


def test_every_text_is_translated(monkeypatch: pytest.MonkeyPatch, settings: Any):
    """What people are told, in the page or later by its script, goes through gettext."""
    monkeypatch.setattr(translation._trans, "gettext", lambda message: f"«{message}»")
    monkeypatch.setattr(translation._trans, "ngettext", lambda one, many, count: f"«{one if count == 1 else many}»")
    page = Page(Client().get(INSPECTOR).content.decode())

    texts = [text.strip() for text in page.text.splitlines() if text.strip()]
    told = {"aria-label", "data-label", *(f"data-said-{name}" for name in page.named("data-said-"))}
    told |= {f"data-word-{name}" for name in page.named("data-word-")}
    texts += [value for name in told for value in page.values(name)]
    assert len(texts) > 60
    assert [text for text in texts if not re.fullmatch(r"(«[^»]+»\s*)+", text)] == []


def test_script_of_readers(settings: Any):
    """With DEBUG the readable scripts are loaded, its part too."""
    settings.DEBUG = True

    page = Page(Client().get(INSPECTOR).content.decode())
    assert page.values("data-part-inspector") == {"/static/django_bgsync/bgsync-inspector.js"}


def test_way_back(settings: Any):
    """An installed app has no button for it: the page leads to the site, which may lie below a path."""
    settings.STATIC_URL = "/static/"  # Django would remember it with the prefix
    with override_script_prefix("/shop/"):
        response = Client().get(INSPECTOR)

    assert ("a", {"href": "/shop/"}) in Page(response.content.decode()).tags


TEMPLATES = {
    "blocks": (
        '{% extends "django_bgsync/inspector.html" %}{% block title %}Waiting room{% endblock %}'
        "{% block content %}<main>Ours {{ block.super }}</main>{% endblock %}"
    ),
    "include": "<title>Waiting room</title>Ours {% include 'django_bgsync/inspector/outbox.html' %}",
}


@pytest.mark.parametrize("text", TEMPLATES.values(), ids=TEMPLATES)
def test_template_of_the_project(settings: Any, tmp_path: Path, text: str):
    """A project changes the page by its blocks, or puts the outbox into a page of its own."""
    (tmp_path / "django_bgsync").mkdir()
    (tmp_path / "django_bgsync" / "inspector.html").write_text(text)
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]

    page = Page(Client().get(INSPECTOR).content.decode())
    assert "Waiting room" in page.text
    assert "Ours" in page.text
    assert "data-bgsync-inspector" in {name for _, found in page.tags for name in found}


def test_script_and_template_know_each_other(page: Page):
    """Whatever the script fills, shows or says is in the template, and every state and error code has its words."""
    script = "".join(path.read_text() for path in (SOURCE / "page-parts/inspector").glob("*.ts"))
    schema = (SOURCE / "shared/rows/schema.ts").read_text()
    states = set(re.findall(r'"(\w+)"', re.search(r"type ItemState =([^;]+);", schema)[1]))  # type: ignore[index]

    assert page.values("data-state") == states
    assert page.values("data-next") == states - {"queued"} | {"soon", "later", "offline"}
    assert set(re.findall(r'case "(\w+)":', script)) == page.values("data-action")
    assert set(re.findall(r'say\("(\w+)"\)', script)) | {"waits", "sent"} <= page.named("data-said-")
    filled = set(re.findall(r'\b(?:write|of)\(\w+(?:\.\w+)?, "(\w+)"', script))
    assert filled <= page.values("data-of")
    assert filled >= {"said", "name", "contents"}


def test_capabilities_have_their_places(page: Page):
    """Whatever `bgsync.capabilities()` tells is shown, in words."""
    protocol = (SOURCE / "shared/vocabulary/protocol.ts").read_text()
    capabilities = re.search(r"interface Capabilities {(.*?)\n}", protocol, flags=re.S)[1]  # type: ignore[index]
    members = set(re.findall(r"^    (\w+):", capabilities, flags=re.M))
    words = set(re.findall(r'"(\w+)"', capabilities)) | {"granted", "denied", "prompt", "default", "true", "false"}

    assert page.values("data-capability") == members | {"pendingSyncTags"}
    assert page.named("data-word-") == words
