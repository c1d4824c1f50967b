"""The outbox changes its schema under pages that are open, and under items that wait."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from .arrival import await_posts
from .posts_page import PostsPage
from .site import Site
from .waiting import wait_until

FIRST_SCHEMA = """
texts => new Promise((resolve, reject) => {
    const opening = indexedDB.open("django-bgsync", 1);
    opening.onupgradeneeded = () => {
        const db = opening.result;
        const items = db.createObjectStore("items", {keyPath: "seq", autoIncrement: true});
        items.createIndex("id", "id", {unique: true});
        items.createIndex("aliases", "aliases", {multiEntry: true});
        items.createIndex("state", "state");
        items.createIndex("owner_state", ["owner", "state"]);
        items.createIndex("owner_lane", ["owner", "lane"]);
        items.createIndex("provisional", "provisional");
        db.createObjectStore("results", {keyPath: "id"}).createIndex("settled_at", "settled_at");
        db.createObjectStore("meta").add({client: "0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10", owner: ""}, "device");
        texts.forEach((text, index) => items.add({
            id: `019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b1${index}`, aliases: [], tag: "post", lane: "x",
            payload: {text}, bytes: 40,
            owner: "", state: "queued", failures: 0, next_try: 0, not_before: 0, result: null, last_error: null,
            created_at: Date.now(), send_count: 0, retry: 0, uncertain: false, lease_by: "", lease_until: 0,
        }));
    };
    opening.onsuccess = () => resolve(opening.result.close());
    opening.onerror = () => reject(opening.error);
})
"""
NEWER_SCHEMA = """
() => new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error("not let in")), 10_000);
    const opening = indexedDB.open("django-bgsync", 99);
    opening.onupgradeneeded = () => opening.result.createObjectStore("later");
    opening.onsuccess = () => resolve(opening.result.close());
    opening.onerror = () => reject(opening.error);
})
"""


def test_outbox_of_the_first_schema(site: Site, page: Page) -> None:
    """What an earlier release left on the device is sent by this one."""
    page.goto(f"{site.url}/static/example/icon.svg")
    page.evaluate(FIRST_SCHEMA, ["older", "than this release"])
    posts = PostsPage(page, site.url)
    posts.sign_in()

    await_posts(site, ["older", "than this release"])
    posts.expect_waiting([])


def test_newer_schema_under_an_open_page(site: Site, context: BrowserContext) -> None:
    """A newer release in another tab is let in at once, and the open page works on."""
    posts = PostsPage(context.new_page(), site.url)
    posts.sign_in()
    posts.write("before")
    posts.expect_state("before", "sent")
    newer = context.new_page()
    newer.goto(f"{site.url}/static/example/icon.svg")
    newer.evaluate(NEWER_SCHEMA)
    posts.write("after")

    posts.expect_state("after", "sent")
    wait_until(lambda: len(site.posts()) == 2, because="both are published")
    assert len(site.items()) == 2  # by way of the outbox, and not by that of a browser without one
