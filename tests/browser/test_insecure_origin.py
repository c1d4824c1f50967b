"""A phone on the local network: no secure context, so no worker, no locks, no randomUUID."""

from __future__ import annotations

import threading

import pytest

from . import faults
from .arrival import assert_applied_once, await_posts
from .engines.page import Browser, Page
from .person import await_states, enqueue, flush, open_posts, sign_in
from .proxy import Proxy, envelope
from .site import Site
from .switches import INSECURE_HOST
from .waiting import wait_until


@pytest.fixture
def url(proxy: Proxy) -> str:
    return proxy.url.replace("127.0.0.1", INSECURE_HOST)


@pytest.fixture
def tab(new_engine: Browser, url: str) -> Page:
    tab = new_engine.open()
    sign_in(tab, url)
    return tab


def test_page_delivers(site: Site, proxy: Proxy, new_engine: Browser, tab: Page, url: str) -> None:
    """The page does alone what page and worker do elsewhere: at once, by its timer, and at the next visit."""
    assert tab.evaluate("[isSecureContext, typeof navigator.serviceWorker, typeof navigator.locks]") == [
        False,
        "undefined",
        "undefined",
    ]
    capabilities = tab.evaluate("bgsync.capabilities()")
    assert (capabilities["worker"], capabilities["sync"], capabilities["locks"]) == ("none", "unsupported", False)
    enqueue(tab, "at once")
    await_states(tab, {})

    down = proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, "later")
    flush(tab)
    down.lift()
    await_states(tab, {})
    assert envelope(proxy.deliveries()[-1])["trigger"] == "timer"

    down = proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, "at the next visit")
    flush(tab)
    tab.close()
    down.lift()
    tab = open_posts(new_engine, url)
    await_posts(site, ["at once", "later", "at the next visit"])
    await_states(tab, {})
    assert proxy.contexts() == {"page"}
    assert_applied_once(site, ["at once", "later", "at the next visit"])


def test_two_tabs_without_locks(site: Site, proxy: Proxy, new_engine: Browser, tab: Page, url: str) -> None:
    """Where there are no Web Locks a lease keeps two tabs from sending the same item: each is sent once."""
    proxy.on("POST", "/bgsync/v1/deliveries/", faults.delay(0.2))
    tabs = [tab, open_posts(new_engine, url)]
    for number, each in enumerate(tabs):
        each.evaluate(f"void [1, 2, 3].map(n => bgsync.enqueue('post', {{text: `tab {number}, post ${{n}}`}}))")
    texts = [f"tab {number}, post {n}" for number in range(2) for n in (1, 2, 3)]
    await_posts(site, texts)
    for each in tabs:
        await_states(each, {})
    assert len(proxy.items_sent()) == len(texts)
    assert_applied_once(site, texts)


def test_page_left_while_it_sends_holds_up_nobody(
    site: Site, proxy: Proxy, new_engine: Browser, tab: Page, url: str
) -> None:
    """What keeps two tabs from sending the same item does not outlive its page."""
    answered = threading.Event()
    on_its_way = proxy.on("POST", "/bgsync/v1/deliveries/", faults.late(answered), times=1)
    enqueue(tab, "on its way")
    wait_until(lambda: on_its_way.hits, because="the page is sending")
    tab.goto(f"{url}/news/")
    enqueue(tab, "from the next page")
    wait_until(lambda: ("demo", "from the next page") in site.posts(), because="the next page has sent", timeout=15)
    answered.set()
    wait_until(lambda: proxy.deliveries()[0].ended, because="what was on its way has ended")
    await_posts(site, ["from the next page", "on its way"])
    assert_applied_once(site, ["from the next page", "on its way"])
