"""What an engine cannot do is as `engines.gaps` says, and what it can do is not in that list."""

from __future__ import annotations

import contextlib

from . import faults
from .arrival import assert_applied_once, await_posts
from .engines.gaps import BACKGROUND_SYNC, DISK, GAPS, OFFLINE, PRELOAD, STORAGE_MANAGER, can
from .engines.installed import TITLES
from .engines.page import Browser, Page
from .person import await_states, await_worker, enqueue, flush, open_posts
from .proxy import Proxy
from .site import Site
from .waiting import wait_until
from .wire import Response

PRELOADING = """
addEventListener("activate", (event) => event.waitUntil(registration.navigationPreload.enable()));
addEventListener("fetch", (event) => {
    if (event.request.mode !== "navigate") return;
    event.respondWith(event.preloadResponse.catch(() => new Response("our own words")));
});"""
REGISTER_PRELOADING = """navigator.serviceWorker.register("worker.js").then((registration) => new Promise((resolve) => {
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    const look = () => worker.state === "activated" && resolve(true);
    worker.addEventListener("statechange", look);
    look();
}))"""


def test_every_engine_has_its_list() -> None:
    """No engine is passed over in silence."""
    assert set(GAPS) == set(TITLES)


def test_capabilities(engine: Browser, tab: Page) -> None:
    """What the page says of its browser is what the list says: worker and locks everywhere, sync in Chromium alone."""
    await_worker(tab)
    enqueue(tab, "so that the browser is asked for a sync")
    sync = "granted" if can(engine.name, BACKGROUND_SYNC) else "unsupported"
    tab.wait_for(f"bgsync.capabilities().then(c => c.sync === '{sync}' && c.worker === 'ours')")
    capabilities = tab.evaluate("bgsync.capabilities()")
    assert {name: capabilities[name] for name in ("worker", "sync", "locks")} == {
        "worker": "ours",
        "sync": sync,
        "locks": True,
    }
    assert tab.evaluate("'SyncManager' in window") == can(engine.name, BACKGROUND_SYNC)
    assert tab.evaluate("!!navigator.storage") == can(engine.name, STORAGE_MANAGER)


def test_with_every_page_closed(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """With background sync the item arrives with no page open; without, it waits for the next visit, whole."""
    await_worker(tab)
    down = proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, "on the road")
    flush(tab)
    wait_until(lambda: "worker" in proxy.callers() or not can(engine.name, BACKGROUND_SYNC), because="it has tried")
    tab.close()
    if can(engine.name, BACKGROUND_SYNC):
        down.lift()
        await_posts(site, ["on the road"])
        assert {attempt["context"] for attempt in site.attempts()} == {"worker"}
    down.lift()
    tab = open_posts(engine, proxy.url)
    await_states(tab, {})
    assert_applied_once(site, ["on the road"])


def test_failed_navigation_preload(proxy: Proxy, engine: Browser) -> None:
    """A page whose preload has failed is what the worker answers: the site's own words in place of the browser's."""
    proxy.on("GET", "/preloading/", faults.answer(lambda: Response.make(200, "<!doctype html>")))
    script = lambda: Response.make(200, PRELOADING, "text/javascript")  # noqa: E731
    proxy.on("GET", "/preloading/worker.js", faults.answer(script))
    tab = engine.open()
    tab.goto(f"{proxy.url}/preloading/")
    tab.evaluate(REGISTER_PRELOADING)
    lost = proxy.on("GET", "/preloading/lost", faults.drop)
    with contextlib.suppress(AssertionError):  # Firefox's driver tells of its error page, too
        tab.navigate(f"{proxy.url}/preloading/lost")
    wait_until(lambda: lost.hits, because="the page has been asked for")
    assert lost.hits[0].request.header("Service-Worker-Navigation-Preload") == "true"
    shown = "document.body.innerText" if can(engine.name, PRELOAD) else "document.documentURI.split('?')[0]"
    tab.wait_for(f"{shown} === '{'our own words' if can(engine.name, PRELOAD) else 'about:neterror'}'")


def test_going_offline(engine: Browser, tab: Page) -> None:
    """A page that is offline cannot reach the site: really so where the driver can cut it off."""
    tab.set_offline(True)
    fetched = tab.evaluate("fetch('/bgsync/v1/session/').then(() => 'reached', () => 'failed')")
    tab.set_offline(False)
    assert fetched == ("failed" if can(engine.name, OFFLINE) else "reached")


def test_profile(new_engine: Browser, proxy: Proxy) -> None:
    """What was stored is there after a kill and a start, or nowhere in the profile at all."""
    engine, url = new_engine, f"{proxy.url}/accounts/login/"
    tab = engine.open()
    tab.goto(url)
    tab.evaluate("new Promise(done => { indexedDB.open('kept').onsuccess = () => done(true); })")
    engine.kill()
    engine.start()
    tab = engine.open()
    tab.goto(url)
    names = [database["name"] for database in tab.evaluate("indexedDB.databases()")]
    assert ("kept" in names) == can(engine.name, DISK)
