"""A request that the example's posts page makes by itself, with its service worker behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from . import faults
from .posts_page import PostsPage
from .proxy import Proxy
from .site import Installation, Site

CONTROLLED = """() => new Promise((done) => {
    const {serviceWorker} = navigator;
    if (serviceWorker.controller) done();
    else serviceWorker.addEventListener("controllerchange", () => done());
})"""


@pytest.fixture(scope="module")
def one_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example with all its options."""
    directory = tmp_path_factory.mktemp("example")
    with Site(directory, installation, DJANGO_SETTINGS_MODULE="example_project.settings") as site:
        yield site


def test_thanks(site: Site, page: Page) -> None:
    """A request that the page makes by itself, and the server answers."""
    posts = PostsPage(page, site.url)
    posts.sign_in()
    posts.write("a favour")
    posts.expect_state("a favour", "sent")
    button = page.get_by_role("button", name="Thanks")
    button.click()

    expect(page.locator("#news")).to_have_text("Your thanks have been sent.")
    expect(button).to_have_text("Thanks 1")
    posts.open()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert thanks(site) == ["a favour"]


def test_thanks_without_a_server(site: Site, proxy: Proxy, page: Page) -> None:
    """The service worker keeps the request; the page says so, also after a reload; the outbox shows it and sends it."""
    posts = PostsPage(page, proxy.url)
    posts.sign_in()
    posts.write("a favour")
    posts.expect_state("a favour", "sent")
    page.evaluate(CONTROLLED)
    for method, place in (("POST", "/api/"), ("GET", "/bgsync/v1/")):
        proxy.on(method, place, faults.drop)
    button = page.get_by_role("button", name="Thanks")
    button.click()
    expect(page.locator("#news")).to_have_text("Your thanks are saved on this device.")
    posts.open()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_have_text("Thanks 1")
    assert thanks(site) == []

    page.get_by_role("link", name="Outbox").click()
    row = page.locator("tbody[data-id]")
    expect(row).to_contain_text("/thanks/")
    expect(row).to_contain_text("queued")
    proxy.clear()
    page.get_by_role("button", name="Send now").click()
    expect(row).to_have_count(0)
    assert thanks(site) == ["a favour"]
    assert [item["tag_id"] for item in site.items()] == ["post", "http:thanks"]


def thanks(site: Site) -> list[str]:
    """The texts of posts that somebody has thanked for."""
    query = "SELECT text FROM posts_post_thanked_by JOIN posts_post ON posts_post.id = post_id"
    return [row["text"] for row in site.rows(query)]
