"""Browsers keep a page that was left, stopped, for the way back to it."""

from __future__ import annotations

from .arrival import assert_applied_once, await_posts
from .engines.page import Browser, Page
from .person import await_states, enqueue
from .proxy import Proxy
from .site import Site
from .waiting import wait_until

LOOK_FOR_EVER = "void (async () => { for (;;) await bgsync.counts(); })()"
WRITE_WHEN_LEFT = "addEventListener('pagehide', () => void bgsync.enqueue('post', {text: 'while I went'}))"

MAKE_FOR_EVER = """new Promise(begun => {
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function (...names) {
        const opening = open.apply(this, names);
        opening.addEventListener("upgradeneeded", () => {
            const store = opening.result.createObjectStore("endless");
            const again = () => void (store.count().onsuccess = again);
            again();
            begun();
        });
        return opening;
    };
    indexedDB.deleteDatabase("django-bgsync").onsuccess = () => void bgsync.counts();
})"""
HOLD = """new Promise(held => {
    indexedDB.open("django-bgsync").onsuccess = ({target}) => held(window.held = target.result);
}).then(() => true)"""
OPEN_WHILE_HELD = """new Promise(asked => {
    const ask = () => asked(void bgsync.counts());
    indexedDB.deleteDatabase("django-bgsync").onblocked = ask;
    setTimeout(ask, 1000);  // Firefox may leave that event out
})"""


def test_page_left_with_a_transaction_holds_up_nobody(site: Site, proxy: Proxy, tab: Page) -> None:
    """WebKit stops transactions with their page; the next one can write and send all the same."""
    tab.evaluate(LOOK_FOR_EVER)
    tab.goto(f"{proxy.url}/news/")
    tab.evaluate("void bgsync.enqueue('post', {text: 'from the next page'})")
    await_posts(site, ["from the next page"])


def test_page_left_while_it_writes_holds_up_nobody(site: Site, proxy: Proxy, tab: Page) -> None:
    """The same with a transaction that begins when it is too late to end it."""
    tab.evaluate(WRITE_WHEN_LEFT)
    tab.goto(f"{proxy.url}/news/")
    tab.evaluate("void bgsync.enqueue('post', {text: 'from the next page'})")
    wait_until(lambda: ("demo", "from the next page") in site.posts(), because="the next page writes and sends")


def test_page_goes_on_when_it_is_shown_again(site: Site, proxy: Proxy, tab: Page) -> None:
    """Whether the browser has kept it or loads it anew, it writes and sends as before."""
    tab.evaluate(LOOK_FOR_EVER)
    tab.goto(f"{proxy.url}/news/")
    tab.evaluate("void history.back()")
    tab.wait_for("location.pathname === '/posts/' && document.readyState === 'complete' && !!window.bgsync")
    enqueue(tab, "back again")
    await_states(tab, {})
    assert_applied_once(site, ["back again"])


def test_page_left_while_it_makes_the_outbox_holds_up_nobody(site: Site, proxy: Proxy, tab: Page) -> None:
    """Somebody who goes on at once from the first page that they ever open."""
    tab.evaluate(MAKE_FOR_EVER)
    tab.goto(f"{proxy.url}/news/")
    tab.evaluate("void bgsync.enqueue('post', {text: 'from the next page'})")
    await_posts(site, ["from the next page"])


def test_page_left_before_the_outbox_opens_holds_up_nobody(
    site: Site, proxy: Proxy, engine: Browser, tab: Page
) -> None:
    """The same a moment earlier: what it asked for is granted when it can no longer hear of it."""
    holder = engine.open()
    holder.goto(f"{proxy.url}/news/")
    holder.evaluate(HOLD)
    tab.evaluate(OPEN_WHILE_HELD)
    tab.goto(f"{proxy.url}/news/")
    holder.evaluate("void held.close()")
    tab.evaluate("void bgsync.enqueue('post', {text: 'from the next page'})")
    await_posts(site, ["from the next page"])
