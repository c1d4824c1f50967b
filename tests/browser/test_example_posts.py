"""What the example's posts page shows of the outbox, and what its buttons do, in every engine."""

from __future__ import annotations

from . import faults
from .clock import with_shim
from .engines.page import Browser, Page
from .person import PUBLISH, await_shown, await_states, await_status, press, sign_in, write
from .proxy import Proxy
from .site import Site
from .waiting import wait_until

NO_STORAGE = b"Object.defineProperty(self, 'indexedDB', {value: undefined});\n"
TEXTS = "[...document.querySelectorAll('#posts .post-text')].map(text => text.textContent)"
REASON = "document.querySelector('#posts [data-state=parked] .reason').textContent"


def test_refused_post_is_discarded(site: Site, proxy: Proxy, tab: Page) -> None:
    """A refused post stays with the server's reason until the user discards it."""
    write(tab, "cheap spam")
    await_shown(tab, "cheap spam", "parked")
    tab.reload()
    await_shown(tab, "cheap spam", "parked")
    assert tab.evaluate(REASON) == "We do not publish spam."

    press(tab, "Discard")
    await_shown(tab, "cheap spam", None)
    await_states(tab, {})
    assert site.posts() == []


def test_refused_post_is_tried_again(site: Site, tab: Page) -> None:
    """The button makes the server look again."""
    write(tab, "cheap spam")
    await_shown(tab, "cheap spam", "parked")

    press(tab, "Try again")
    wait_until(lambda: len(site.attempts()) == 2, because="the server has tried it twice")
    await_shown(tab, "cheap spam", "parked")
    assert [item["code"] for item in site.items()] == ["invalid"]


def test_waiting_post_survives_a_reload(site: Site, proxy: Proxy, tab: Page) -> None:
    """A post that waits is shown again by a page that was opened later, and turns into sent there."""
    down = proxy.on("POST", "/bgsync/", faults.drop)
    write(tab, "older than this page")
    tab.reload()
    await_shown(tab, "older than this page", "pending")
    await_status(tab, "1 not yet sent")

    down.lift()
    await_shown(tab, "older than this page", "sent")
    await_states(tab, {})
    assert site.posts() == [("demo", "older than this page")]


def test_newest_post_comes_first(site: Site, proxy: Proxy, tab: Page) -> None:
    """Waiting posts stand above sent ones, each newer one above the older."""
    write(tab, "sent")
    await_shown(tab, "sent", "sent")
    proxy.on("POST", "/bgsync/", faults.drop)
    write(tab, "waits")
    write(tab, "waits, newer")

    newest_first = ["waits, newer", "waits", "sent"]
    assert tab.evaluate(TEXTS) == newest_first
    tab.reload()
    wait_until(lambda: tab.evaluate(TEXTS) == newest_first, because="the next page shows them so too")


def test_impatient_user(site: Site, tab: Page) -> None:
    """Pressing twice publishes once."""
    tab.evaluate("void (document.querySelector('#post-form [name=text]').value = 'once')")
    tab.evaluate(f"({PUBLISH}, {PUBLISH})")

    await_shown(tab, "once", "sent")
    await_states(tab, {})
    assert site.posts() == [("demo", "once")]


def test_browser_without_storage(site: Site, proxy: Proxy, engine: Browser) -> None:
    """Where nothing can be stored the form is posted the ordinary way."""
    proxy.on("GET", "/", with_shim(NO_STORAGE))
    tab = engine.open()
    sign_in(tab, proxy.url)
    write(tab, "no outbox here")

    await_shown(tab, "no outbox here", "sent")
    assert proxy.deliveries() == []
    assert site.posts() == [("demo", "no outbox here")]
