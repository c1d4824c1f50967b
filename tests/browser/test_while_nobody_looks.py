"""What the worker does after the last page is closed: captured requests and notifications, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from . import faults
from .captures import CALL, as_json
from .posts_page import PostsPage
from .proxy import Proxy
from .service_workers import service_workers
from .site import Installation, Site
from .sync_log import SyncLog
from .waiting import wait_until

POSTS = "/api/posts/"
NOTICE = {"title": "Your article has arrived", "body": "Number 7", "url": "/articles/7/"}
SHOWN = """navigator.serviceWorker.ready.then(registration => registration.getNotifications()).then(
    all => all.map(({title, body, tag, data}) => ({title, body, tag, data}))
)"""
KEPT = """caches.keys().then(names => Promise.all(names.filter(name => name.startsWith("bgsync:pages:"))
    .map(name => caches.open(name).then(cache => cache.keys()))))
    .then(lists => lists.flat().map(({url}) => new URL(url).pathname))"""


@pytest.fixture
def site(installation: Installation, tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, installation, **service_workers(tmp_path, CAPTURE=[{"url": f"^{POSTS}"}])) as site:
        yield site


@pytest.fixture
def page(context: BrowserContext, proxy: Proxy) -> Page:
    # The list is complete: what is not in it is denied.
    context.grant_permissions(["notifications", "background-sync"])  # type: ignore[list-item]
    page = context.new_page()
    posts = PostsPage(page, proxy.url)
    posts.sign_in()
    page.wait_for_function("!!navigator.serviceWorker.controller")
    return page


def down(proxy: Proxy) -> None:
    for method in ("GET", "POST"):
        for path in ("/api/", "/bgsync/v1/"):
            proxy.on(method, path, faults.drop)


def test_captured_request(site: Site, proxy: Proxy, page: Page, sync_log: SyncLog) -> None:
    """With the site down and the page closed, the browser wakes the worker, and the request arrives, once."""
    down(proxy)
    answer = page.evaluate(CALL % (as_json(text="while nobody looked"), f"'{POSTS}'", "'POST'"))
    assert answer["status"] == 202
    page.close()
    proxy.clear()
    sync_log.wait_for("sync completed", "bgsync:http:captured")
    assert site.texts() == ["while nobody looked"]
    [*_, last] = proxy.seen("POST", POSTS)
    assert (last.request.header("Referer") or "").endswith("/bgsync/sw.js")
    assert [item["state"] for item in site.items()] == ["applied"]


def test_notification(proxy: Proxy, context: BrowserContext, page: Page, sync_log: SyncLog) -> None:
    """An item that arrives while no page is open is told of, when the pages that it brings are there."""
    down(proxy)
    enqueue(page, {"notify": NOTICE})
    sync_log.wait_for("registered sync", "bgsync:article")
    page.close()
    proxy.clear()
    sync_log.wait_for("sync completed", "bgsync:article")
    page = context.new_page()
    page.goto(f"{proxy.url}/accounts/login/")
    [shown] = page.evaluate(SHOWN)
    assert (shown["title"], shown["body"]) == (NOTICE["title"], NOTICE["body"])
    assert shown["data"] == {"bgsync": 1, "url": f"{proxy.url}/articles/7/"}
    assert page.evaluate(KEPT) == ["/articles/7/"]


def test_no_notification_while_somebody_looks(proxy: Proxy, page: Page) -> None:
    """With a page of the site in front there is none: it shows there."""
    enqueue(page, {"notify": NOTICE})
    page.wait_for_function("bgsync.counts().then(counts => counts.pending === 0)")
    wait_until(lambda: page.evaluate(KEPT) == ["/articles/7/"], because="it has been applied")
    assert page.evaluate(SHOWN) == []


def enqueue(page: Page, options: dict[str, Any]) -> None:
    page.evaluate("options => bgsync.enqueue('article', {number: 7}, options).then(() => 0)", options)
