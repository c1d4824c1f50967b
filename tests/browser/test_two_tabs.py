"""Several tabs and the worker share one outbox."""

from __future__ import annotations

from playwright.sync_api import BrowserContext

from . import faults
from .arrival import assert_applied_once, await_posts
from .posts_page import PostsPage
from .proxy import Proxy
from .site import Site

EACH = 20
WRITE_MANY = """([tab, count]) => {
    for (let number = 0; number < count; number++) bgsync.enqueue("post", {text: `tab ${tab}, post ${number}`});
}"""


def test_two_tabs_and_the_worker(site: Site, proxy: Proxy, context: BrowserContext) -> None:
    """Both tabs write at once over a slow network: each item is sent once and applied once."""
    proxy.on("POST", "/bgsync/v1/deliveries/", faults.delay(0.15))
    tabs = [PostsPage(context.new_page(), proxy.url) for _ in range(2)]
    tabs[0].sign_in()
    tabs[0].await_worker()
    tabs[1].open()
    for number, tab in enumerate(tabs):
        tab.page.evaluate(WRITE_MANY, [number, EACH])
    texts = [f"tab {tab}, post {number}" for tab in range(2) for number in range(EACH)]
    await_posts(site, texts)
    for tab in tabs:
        tab.expect_waiting([])
    assert_applied_once(site, texts)
    assert len(proxy.items_sent()) == len(texts)
