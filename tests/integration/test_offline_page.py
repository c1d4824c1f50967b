"""GET offline/: what people see where a page cannot be loaded."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from tests.deliveries import Device

OFFLINE = "/bgsync/offline/"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_page():
    """A page of its own, for every cache to check again, with a link to the page that could not be loaded."""
    response = Client().get(OFFLINE)

    assert (response.status_code, response["Cache-Control"]) == (200, "no-cache")
    assert ("a", {"href": ""}) in Tags(response.content.decode()).found
    assert "No connection" in response.content.decode()


def test_strict_policy():
    """Under `default-src 'self'` nothing of it is refused: no inline script, style or handler."""
    tags = Tags(Client().get(OFFLINE).content.decode()).found

    assert not {"script", "style"} & {tag for tag, _ in tags}
    assert not [name for _, attributes in tags for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("who", ["device", "visitor"])
def test_nothing_of_the_user(who: str, request: pytest.FixtureRequest):
    """It is kept on the device, which others may use: whoever asks, it is the same."""
    device: Device = request.getfixturevalue(who)

    response = device.http.get(OFFLINE)
    assert response.content == Client().get(OFFLINE).content
    assert not response.cookies


def test_login_required_middleware(settings: Any, visitor: Device):
    """It is not redirected to the login."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOGIN_REQUIRED]

    assert visitor.http.get(OFFLINE).status_code == 200


@pytest.mark.parametrize(("language", "opening"), [("en", '<html lang="en">'), ("ar", '<html lang="ar" dir="rtl">')])
def test_language(settings: Any, language: str, opening: str):
    """It says which language it is in, and follows the browser's wish."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]

    assert opening in Client().get(OFFLINE, headers={"Accept-Language": language}).content.decode()
