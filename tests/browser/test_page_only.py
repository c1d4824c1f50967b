"""Where the browser has Background Sync and refuses it, the page delivers; so it does beside a stranger's worker."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage

from . import faults
from .arrival import assert_applied_once, await_posts
from .idle import await_idle, watch
from .posts_page import PostsPage
from .proxy import Proxy, envelope
from .site import Site
from .waiting import wait_until
from .wire import Response


@pytest.fixture
def posts(context: BrowserContext, proxy: Proxy) -> PostsPage:
    """Brave, or a user's choice: Background Sync is there, and `register()` rejects."""
    context.grant_permissions(["notifications"])  # a list without background-sync: DevTools denies the rest
    posts = PostsPage(context.new_page(), proxy.url)
    posts.sign_in()
    return posts


def test_page_delivers_at_once(site: Site, proxy: Proxy, posts: PostsPage) -> None:
    """With the server up, a post is sent by the page."""
    posts.write("straight through")
    posts.expect_state("straight through", "sent")
    assert [(envelope(e)["context"], envelope(e)["trigger"]) for e in proxy.deliveries()] == [("page", "enqueue")]
    assert_applied_once(site, ["straight through"])


def test_page_tries_again_by_itself(site: Site, proxy: Proxy, posts: PostsPage) -> None:
    """With the server down, the page's own timer delivers when it is back, untouched by anybody."""
    down = proxy.on("POST", "/bgsync/", faults.drop)
    posts.write("at the second try")
    wait_until(lambda: down.hits, because="the page has tried")
    posts.expect_state("at the second try", "pending")
    down.lift()
    posts.expect_state("at the second try", "sent")
    assert proxy.contexts() == {"page"}
    assert_applied_once(site, ["at the second try"])


def test_page_delivers_when_back_online(site: Site, proxy: Proxy, context: BrowserContext, posts: PostsPage) -> None:
    """The browser's `online` event is a reason to try."""
    down = proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    context.set_offline(True)
    posts.write("from the lift")
    posts.expect_state("from the lift", "pending")
    context.set_offline(False)
    wait_until(lambda: "online" in {envelope(e)["trigger"] for e in proxy.deliveries()}, because="a try for that")
    down.lift()
    posts.expect_state("from the lift", "sent")
    assert proxy.contexts() == {"page"}
    assert_applied_once(site, ["from the lift"])


def test_next_visit_delivers(site: Site, proxy: Proxy, context: BrowserContext, posts: PostsPage) -> None:
    """What a page could not send before it was closed the next one tries to send as soon as it is open."""
    bystander = watch(context.new_page(), posts.url)
    posts.await_worker()
    down = proxy.on("POST", "/bgsync/", faults.drop)
    posts.write("left behind")
    posts.page.evaluate("bgsync.flush()")
    assert down.hits
    posts.page.close()
    # The worker tries once when the page has gone, and whoever comes meanwhile leaves it to that.
    wait_until(lambda: "worker" in proxy.contexts(), because="the worker's try")
    await_idle(bystander)
    PostsPage(context.new_page(), posts.url).open()
    wait_until(lambda: "load" in {envelope(e)["trigger"] for e in proxy.deliveries()}, because="a try")
    down.lift()
    await_posts(site, ["left behind"])
    assert_applied_once(site, ["left behind"])


def test_foreign_worker_is_left_alone(site: Site, proxy: Proxy, context: BrowserContext) -> None:
    """Another application's worker at our scope stays, the page says so on the console, and delivers."""
    worker = Response.make(200, "self.addEventListener('fetch', () => {});", "text/javascript")
    proxy.on("GET", "/foreign-worker.js", faults.answer(lambda: worker))
    proxy.on("GET", "/foreign/", faults.answer(lambda: Response.make(200, "<!doctype html>")))
    page = context.new_page()
    messages: list[ConsoleMessage] = []
    page.on("console", lambda message: messages.append(message))
    page.goto(f"{proxy.url}/foreign/")
    page.evaluate("navigator.serviceWorker.register('/foreign-worker.js').then(() => navigator.serviceWorker.ready)")
    posts = PostsPage(page, proxy.url)
    posts.sign_in()
    posts.write("past the stranger")
    posts.expect_state("past the stranger", "sent")
    workers = page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.map(r => r.active.scriptURL))")
    assert workers == [f"{proxy.url}/foreign-worker.js"]
    assert page.evaluate("bgsync.capabilities()")["worker"] == "foreign"  # known when it has had time to answer
    assert {message.type for message in messages if "importScripts" in message.text} == {"warning"}
    assert proxy.contexts() == {"page"}
    assert_applied_once(site, ["past the stranger"])
