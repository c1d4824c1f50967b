"""How an item ended is known wherever somebody asks: in another tab, after a reload, on another device."""

from __future__ import annotations

from playwright.sync_api import Browser, BrowserContext, Page

from . import faults
from .posts_page import PostsPage, ending
from .proxy import Proxy
from .site import Site
from .waiting import wait_until

WRITE = "text => bgsync.enqueue('post', {text}).then(receipt => receipt.id)"
WAIT = "id => { window.ending = null; bgsync.settled(id).then(ending => window.ending = ending) }"
ENDED = "window.ending !== null"


def test_another_tab_and_a_reload(site: Site, proxy: Proxy, context: BrowserContext) -> None:
    """One tab writes, another one waits for the end; a page that is opened later still hears of it."""
    writer, reader = (PostsPage(context.new_page(), proxy.url) for _ in range(2))
    writer.sign_in()
    reader.open()
    down = proxy.on("POST", "/bgsync/", faults.drop)
    item = writer.page.evaluate(WRITE, "who hears of this?")
    reader.page.evaluate(WAIT, item)
    writer.page.close()
    down.lift()

    reader.page.wait_for_function(ENDED, timeout=30_000)
    assert reader.page.evaluate("window.ending.status") == "applied"
    reader.open()
    assert ending(reader.page, item)["status"] == "applied"
    assert proxy.seen("GET", "/bgsync/v1/items/") == []  # the device knows: nobody had to ask the server
    assert site.posts() == [("demo", "who hears of this?")]


def test_another_device(site: Site, proxy: Proxy, page: Page, browser: Browser) -> None:
    """What this device has never had is asked of the server."""
    first = PostsPage(page, proxy.url)
    first.sign_in()
    item = page.evaluate(WRITE, "from elsewhere")
    wait_until(lambda: site.posts() == [("demo", "from elsewhere")], because="the post is published")
    with browser.new_context() as elsewhere:
        second = PostsPage(elsewhere.new_page(), proxy.url)
        second.sign_in()
        assert ending(second.page, item)["result"] == {"id": item}
        assert ending(second.page, "01932b4e-7c1d-7000-8000-000000000000")["code"] == "unknown_item"
    assert len(proxy.seen("GET", "/bgsync/v1/items/")) == 2


def test_replaced_while_offline(site: Site, context: BrowserContext, page: Page) -> None:
    """Of what is written again and again without a connection, the last is sent, and it alone."""
    posts = PostsPage(page, site.url)
    posts.sign_in()
    context.set_offline(True)
    write = "text => bgsync.enqueue('post', {text}, {coalesceKey: 'draft'}).then(receipt => receipt.id)"
    items = [page.evaluate(write, f"draft {number}") for number in range(5)]
    assert [ending(page, item)["status"] for item in items[:-1]] == ["superseded"] * 4
    context.set_offline(False)

    assert ending(page, items[-1])["status"] == "applied"
    assert site.posts() == [("demo", "draft 4")]
