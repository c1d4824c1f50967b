"""The example served for real, and a visitor who has no JavaScript."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import requests

from tests.browser.site import Site


class Visitor:
    """A browser without JavaScript: follows redirects, keeps cookies, sends the forms it is given."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.http.get(f"{self.site.url}{path}", timeout=10)

    def submit(self, path: str, *, to: str = "", **fields: str) -> requests.Response:
        """Open the page, fill in its form and send it, there or to the form's own address."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path).text)
        assert token, f"{path} has no form"
        fields["csrfmiddlewaretoken"] = token[1]
        return self.http.post(f"{self.site.url}{to or path}", data=fields, timeout=10)

    def sign_in(self, user: str = "demo") -> requests.Response:
        return self.submit("/accounts/login/", username=user, password=user)

    def deliver(self, **item: object) -> requests.Response:
        """Replay one item, as a hand-written client does."""
        token = self.get("/bgsync/v1/session/").json()["csrf_token"]
        return self.http.post(
            f"{self.site.url}/bgsync/v1/items/", json=item, headers={"X-CSRFToken": token}, timeout=10
        )


class Inline(HTMLParser):
    """Finds what a Content Security Policy without 'unsafe-inline' forbids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(f"<{tag}>")
        self.found += [f"{tag} {name}" for name in names if name == "style" or name.startswith("on")]
