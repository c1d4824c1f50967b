"""Who is signed in when an item is sent, in every engine."""

from __future__ import annotations

from . import faults
from .arrival import assert_applied_once
from .engines.page import Browser, Page
from .person import (
    await_states,
    await_worker,
    enqueue,
    flush,
    flush_until_empty,
    open_posts,
    shown,
    sign_in,
    sign_in_unnoticed,
    sign_out,
    stored,
)
from .proxy import Proxy
from .site import Site
from .waiting import wait_until

CSRF_TOKEN = "document.cookie.match(/csrftoken=(\\w+)/)[1]"


def test_another_user_on_the_same_browser(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """Nothing of the first one's is shown, sent or applied meanwhile; when the first one is back, it arrives."""
    down = proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, "demo's own")
    flush(tab)
    await_states(tab, {"demo's own": "queued"})
    sign_out(tab)
    sign_in(tab, proxy.url, "second")
    down.lift()
    before = len(proxy.deliveries())
    enqueue(tab, "second's own")
    await_states(tab, {})
    assert shown(tab, "demo's own") is None
    other = open_posts(engine, proxy.url)
    await_states(other, {})
    sent = [item["payload"]["text"] for e in proxy.deliveries()[before:] for item in e.request.json()["items"]]
    assert sent == ["second's own"]
    assert_applied_once(site, ["second's own"], author="second")

    sign_out(tab)
    sign_in(tab, proxy.url, "demo")
    await_states(tab, {})
    assert site.posts() == [("demo", "demo's own"), ("second", "second's own")]
    assert [item["state"] for item in site.items()] == ["applied"] * 2


def test_expired_session(site: Site, proxy: Proxy, tab: Page) -> None:
    """A session that has ended blocks the item, visibly, also for later ones; signing in again delivers both."""
    site.execute("DELETE FROM django_session")
    enqueue(tab, "too late")
    wait_until(lambda: shown(tab, "too late") == "blocked", because="the page shows it as blocked")
    await_states(tab, {"too late": "blocked"})
    assert site.items() == []
    sign_in(tab, proxy.url)
    await_states(tab, {})
    assert_applied_once(site, ["too late"])


def test_logout_sends_what_waits(site: Site, proxy: Proxy, tab: Page) -> None:
    """Asked to, the device sends before it forgets whose it was; nothing of that owner is left to see."""
    down = proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, "before I go")
    flush(tab)
    down.lift()
    tab.evaluate("void (document.querySelector('[data-bgsync-logout]').dataset.bgsyncLogout = 'send')")
    sign_out(tab)
    assert_applied_once(site, ["before I go"])
    counts = tab.evaluate("bgsync.flush().then(() => bgsync.counts())")
    assert set(counts.values()) == {0}
    assert (stored(tab, "items"), stored(tab, "results")) == (0, 0)


def test_logout_discards_what_waits(site: Site, proxy: Proxy, tab: Page) -> None:
    """Discarded is discarded: the owner's next session finds nothing, and nothing arrives."""
    down = proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    enqueue(tab, "never mind")
    flush(tab)
    assert tab.evaluate("bgsync.logout({pending: 'discard'})") == {"sent": 0, "kept": 0, "discarded": 1}
    down.lift()
    flush(tab)
    await_states(tab, {})
    assert site.items() == []


def test_csrf_token_rotated_before_sending(site: Site, proxy: Proxy, tab: Page) -> None:
    """The token is the one of the moment of sending, not of the moment of writing."""
    await_worker(tab)
    for method in ("GET", "POST"):
        proxy.on(method, "/bgsync/", faults.drop)
    enqueue(tab, "older than its token")
    flush(tab)
    old = tab.evaluate(CSRF_TOKEN)
    sign_in_unnoticed(tab)  # Django rotates the token
    new = tab.evaluate(CSRF_TOKEN)
    assert new != old
    proxy.clear()
    flush_until_empty(tab)
    assert proxy.deliveries()[-1].request.header("X-CSRFToken") == new
    assert_applied_once(site, ["older than its token"])


def test_refused_item(site: Site, proxy: Proxy, tab: Page) -> None:
    """What the site refuses stays, parked, until the user tries again or discards it."""
    item = enqueue(tab, "cheap spam")
    await_states(tab, {"cheap spam": "parked"})
    tab.reload()
    await_states(tab, {"cheap spam": "parked"})
    tab.evaluate(f"bgsync.retry('{item}')")
    wait_until(lambda: len(site.attempts()) == 2, because="the site has tried it twice")
    await_states(tab, {"cheap spam": "parked"})
    settled = tab.evaluate(f"bgsync.discard('{item}').then(() => bgsync.settled('{item}'))")
    assert settled["status"] == "discarded"
    await_states(tab, {})
    assert [item["code"] for item in site.items()] == ["invalid"]
    assert site.posts() == []
