"""The server has applied an item, and the browser never learns of it the first time."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext

from . import faults
from .arrival import assert_applied_once
from .posts_page import PostsPage
from .proxy import Exchange, Fault, Proxy
from .site import Site

TEXT = "committed, but nobody told me"


def replayed(exchange: Exchange) -> list[bool]:
    """What the site said of each item of a delivery: had it been seen before?"""
    assert exchange.answered_by_site is not None
    return [result["replayed"] for result in exchange.answered_by_site.json()["results"]]


@pytest.mark.parametrize("fault", [faults.swallow, faults.swallow_politely, faults.cut, faults.truncate])
def test_answer_is_lost(site: Site, proxy: Proxy, context: BrowserContext, fault: Fault) -> None:
    """The replay is answered `replayed: true`, and there is still one row."""
    posts = PostsPage(context.new_page(), proxy.url)
    posts.sign_in()
    proxy.on("POST", "/bgsync/v1/deliveries/", fault, times=1)
    posts.write(TEXT)
    posts.expect_state(TEXT, "sent")
    posts.expect_waiting([])
    assert [replayed(exchange) for exchange in proxy.deliveries()] == [[False], [True]]
    assert len(set(proxy.items_sent())) == 1
    assert_applied_once(site, [TEXT])


def test_browser_repeats_the_request_by_itself(site: Site, context: BrowserContext) -> None:
    """On a reused connection the browser sends the POST again unasked; the copy finds the first one's row."""
    proxy = Proxy(site.port, keep_alive=True)
    proxy.start()
    posts = PostsPage(context.new_page(), proxy.url)
    posts.sign_in()
    proxy.on("POST", "/bgsync/v1/deliveries/", faults.swallow, times=1)
    posts.write(TEXT)
    posts.expect_state(TEXT, "sent")
    proxy.stop()
    assert [replayed(exchange) for exchange in proxy.deliveries()] == [[False], [True]]
    assert_applied_once(site, [TEXT])
