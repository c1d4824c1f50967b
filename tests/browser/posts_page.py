"""What a person does and sees on the example's posts page."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .person import TYPE

EVENTUALLY = 30_000  # milliseconds
ENDING = """id => Promise.race([bgsync.settled(id), new Promise((_, fail) => {
    setTimeout(() => fail(new Error(`${id} has not settled`)), %d);
})])"""
KNOW_WHO_IT_IS = "bgsync.flush()"  # a flush waits for the page's question whose session this is


def ending(page: Page, item: str) -> dict[str, Any]:
    """How an item ended, as soon as the page knows."""
    return page.evaluate(ENDING % EVENTUALLY, item)


class PostsPage:
    """The posts page of one signed-in user in one tab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def sign_in(self, user: str = "demo") -> None:
        """Sign in with the name as password, as all demo users do; return when the page knows whose session it is."""
        self.page.goto(f"{self.url}/accounts/login/?next=/posts/")
        self.page.evaluate(TYPE)
        self.page.fill("[name=username]", user)
        self.page.fill("[name=password]", user)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url("**/posts/")
        self.page.evaluate(KNOW_WHO_IT_IS)

    def sign_out(self) -> None:
        self.page.click("header button[type=submit]")
        self.page.wait_for_url("**/accounts/login/")

    def open(self) -> None:
        self.page.goto(f"{self.url}/posts/")

    def await_worker(self) -> None:
        """Return when the service worker is active; before that no sync can be registered."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def write(self, text: str) -> None:
        """Write a post and press the button; return when the page shows it."""
        self.page.fill("#post-form [name=text]", text)
        self.page.click("#post-form [type=submit]")
        expect(self._row(text)).to_be_visible()

    def expect_state(self, text: str, state: str) -> None:
        """Wait until the page shows the post in this state: pending, sent, parked or blocked."""
        expect(self._row(text)).to_have_attribute("data-state", state, timeout=EVENTUALLY)

    def expect_status(self, text: str) -> None:
        expect(self.page.locator("bgsync-status")).to_contain_text(text, timeout=EVENTUALLY)

    def expect_waiting(self, texts: list[str]) -> None:
        """Wait until the outbox of the current owner holds these texts and no others."""
        self.page.wait_for_function(
            "async texts => JSON.stringify((await bgsync.list({})).map(item => item.payload.text).sort()) === texts",
            arg=json.dumps(sorted(texts), separators=(",", ":")),
            timeout=EVENTUALLY,
        )

    def _row(self, text: str) -> Locator:
        return self.page.locator("#posts li", has_text=text)
