"""What the example's posts page shows of the outbox, and what its buttons do."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from . import faults
from .posts_page import PostsPage
from .proxy import Proxy
from .site import Site
from .waiting import wait_until

NO_STORAGE = "Object.defineProperty(window, 'indexedDB', {value: undefined})"


def test_refused_post_is_discarded(site: Site, page: Page) -> None:
    """A refused post stays with the server's reason until the user discards it."""
    posts = PostsPage(page, site.url)
    posts.sign_in()
    posts.write("cheap spam")
    posts.expect_state("cheap spam", "parked")
    posts.open()
    row = page.locator("#posts li[data-state=parked]")
    expect(row.locator(".reason")).to_have_text("We do not publish spam.")

    row.get_by_role("button", name="Discard").click()
    expect(row).to_have_count(0)
    posts.expect_waiting([])
    assert site.posts() == []


def test_refused_post_is_tried_again(site: Site, page: Page) -> None:
    """The button makes the server look again."""
    posts = PostsPage(page, site.url)
    posts.sign_in()
    posts.write("cheap spam")
    posts.expect_state("cheap spam", "parked")

    page.get_by_role("button", name="Try again").click()
    wait_until(lambda: len(site.attempts()) == 2, because="the server has tried it twice")
    posts.expect_state("cheap spam", "parked")
    assert [item["code"] for item in site.items()] == ["invalid"]


def test_waiting_post_survives_a_reload(site: Site, proxy: Proxy, page: Page) -> None:
    """A post that waits is shown again by a page that was opened later, and turns into sent there."""
    posts = PostsPage(page, proxy.url)
    posts.sign_in()
    down = proxy.on("POST", "/bgsync/", faults.drop)
    posts.write("older than this page")
    posts.open()
    posts.expect_state("older than this page", "pending")
    posts.expect_status("1 not yet sent")

    down.lift()
    posts.expect_state("older than this page", "sent")
    posts.expect_waiting([])
    assert site.posts() == [("demo", "older than this page")]


def test_newest_post_comes_first(site: Site, proxy: Proxy, page: Page) -> None:
    """Waiting posts stand above sent ones, each newer one above the older."""
    posts = PostsPage(page, proxy.url)
    posts.sign_in()
    posts.write("sent")
    posts.expect_state("sent", "sent")
    proxy.on("POST", "/bgsync/", faults.drop)
    posts.write("waits")
    posts.write("waits, newer")

    expect(page.locator("#posts .post-text")).to_have_text(["waits, newer", "waits", "sent"])
    posts.open()
    expect(page.locator("#posts .post-text")).to_have_text(["waits, newer", "waits", "sent"])


def test_impatient_user(site: Site, page: Page) -> None:
    """Pressing twice publishes once."""
    posts = PostsPage(page, site.url)
    posts.sign_in()
    page.fill("#post-form [name=text]", "once")
    page.dblclick("#post-form [type=submit]")

    posts.expect_state("once", "sent")
    posts.expect_waiting([])
    assert site.posts() == [("demo", "once")]


def test_browser_without_storage(site: Site, context: BrowserContext) -> None:
    """Where nothing can be stored the form is posted the ordinary way."""
    context.add_init_script(NO_STORAGE)
    posts = PostsPage(context.new_page(), site.url)
    posts.sign_in()
    posts.write("no outbox here")

    posts.expect_state("no outbox here", "sent")
    assert site.posts() == [("demo", "no outbox here")]
