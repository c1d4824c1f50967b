"""What Chromium says it can do, to the page and to the server."""

from __future__ import annotations

import json

from playwright.sync_api import BrowserContext, expect

from .posts_page import PostsPage
from .site import Site

HERE = {
    "worker": "ours",
    "sync": "granted",
    "periodicSync": "denied",  # the site is not installed
    "persisted": False,
    "locks": True,
    "embedded": False,
}
FRAME = """origin => new Promise(resolve => {
    const frame = document.createElement("iframe");
    frame.src = `${origin}/accounts/login/`;
    frame.onload = resolve;
    document.body.append(frame);
})"""


def test_capabilities_reach_the_server(site: Site, context: BrowserContext) -> None:
    """Page and history of the client say the same."""
    posts = PostsPage(context.new_page(), site.url)
    posts.sign_in()
    posts.await_worker()
    posts.page.evaluate("bgsync.configure({appVersion: '1.4.0'})")
    posts.write("who am I")
    posts.expect_state("who am I", "sent")
    here = HERE | {"notifications": posts.page.evaluate("Notification.permission")}
    told = posts.page.evaluate("bgsync.capabilities()")
    assert told == {**here, "pendingSyncTags": told["pendingSyncTags"]}
    [client] = site.rows("SELECT app_version, capabilities FROM django_bgsync_syncclient")
    assert (client["app_version"], json.loads(client["capabilities"])) == ("1.4.0", here)


def test_asks_to_keep_the_storage(site: Site, context: BrowserContext) -> None:
    """A page asks for persistent storage when there is something to lose, once."""
    context.add_init_script(
        "window.asked = 0; navigator.storage.persist = () => { window.asked += 1; return Promise.resolve(true); }"
    )
    posts = PostsPage(context.new_page(), site.url)
    posts.sign_in()
    assert posts.page.evaluate("window.asked") == 0
    for text in ("one", "two"):
        posts.write(text)
        posts.expect_state(text, "sent")
    assert posts.page.evaluate("window.asked") == 1


def test_frame_of_another_origin(site: Site, context: BrowserContext) -> None:
    """A page inside another site's page knows it, and registers no worker."""
    page = context.new_page()
    page.route("https://elsewhere.example/", lambda route: route.fulfill(body="<p>elsewhere", content_type="text/html"))
    page.route(
        f"{site.url}/accounts/login/",
        lambda route: route.fulfill(
            body=f'<script defer src="{site.url}/static/django_bgsync/bgsync.min.js" data-base="/bgsync/"'
            ' data-worker="/bgsync/sw.js" data-scope="/"'
            f' data-part-engine="{site.url}/static/django_bgsync/bgsync-engine.min.js"></script><p>inside',
            content_type="text/html",
        ),
    )
    page.goto("https://elsewhere.example/")
    page.evaluate(FRAME, site.url)
    inner = page.frame_locator("iframe").locator("p")
    expect(inner).to_have_text("inside")
    told = inner.evaluate("() => bgsync.capabilities()")
    assert (told["worker"], told["embedded"]) == ("none", True)
