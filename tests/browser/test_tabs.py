"""Several tabs and the worker share one outbox."""

from __future__ import annotations

import pytest

from . import faults
from .arrival import assert_applied_once, await_posts
from .engines.page import Browser, Page
from .person import await_states, await_worker, open_posts
from .proxy import Proxy
from .site import Site

EACH = 20
WRITE_MANY = """(() => {
    for (let number = 0; number < %d; number++) bgsync.enqueue("post", {text: `tab %d, post ${number}`});
})()"""


@pytest.mark.parametrize("count", [2, 3])
def test_tabs_and_the_worker(site: Site, proxy: Proxy, engine: Browser, tab: Page, count: int) -> None:
    """All write at once over a slow network: each item is sent once and applied once."""
    proxy.on("POST", "/bgsync/v1/deliveries/", faults.delay(0.15))
    await_worker(tab)
    tabs = [tab, *(open_posts(engine, proxy.url) for _ in range(count - 1))]
    for number, each in enumerate(tabs):
        each.evaluate(WRITE_MANY % (EACH, number))
    texts = [f"tab {number}, post {post}" for number in range(count) for post in range(EACH)]
    await_posts(site, texts)
    for each in tabs:
        await_states(each, {})
    assert_applied_once(site, texts)
    assert len(proxy.items_sent()) == len(texts)
