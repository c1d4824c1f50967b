"""Somebody without an account, who then signs in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from . import faults
from .arrival import assert_applied_once
from .posts_page import KNOW_WHO_IT_IS, PostsPage, ending
from .proxy import Proxy, envelope
from .service_workers import service_workers
from .site import Installation, Site
from .waiting import wait_until

ENQUEUE = "text => bgsync.enqueue('post', {text}).then(({id}) => id)"


@pytest.fixture
def open_site(installation: Installation, tmp_path: Path) -> Iterator[Site]:
    """A site where visitors may sync."""
    with Site(tmp_path, installation, **service_workers(tmp_path)) as site:
        yield site


@pytest.fixture
def open_proxy(open_site: Site) -> Iterator[Proxy]:
    proxy = Proxy(open_site.port)
    proxy.start()
    yield proxy
    proxy.stop()


def test_what_a_visitor_wrote_is_the_first_users(open_site: Site, open_proxy: Proxy, context: BrowserContext) -> None:
    """Sent once as the visitor without an answer, then as the user: one row, the visitor's, with the user's effect.

    After the logout the device is another visitor.
    """
    page = context.new_page()
    page.goto(f"{open_proxy.url}/accounts/login/")
    page.evaluate(KNOW_WHO_IT_IS)
    down = open_proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    item_id = page.evaluate(ENQUEUE, "before I had a name")
    wait_until(lambda: visitors(open_proxy), because="the page has tried")
    [visitor] = visitors(open_proxy)

    posts = PostsPage(page, open_proxy.url)
    posts.sign_in("demo")
    down.lift()
    page.evaluate(KNOW_WHO_IT_IS)
    assert ending(page, item_id)["status"] == "applied"
    assert_applied_once(open_site, ["before I had a name"], author="demo")
    owners = [row["owner"] for row in open_site.rows("SELECT owner FROM django_bgsync_syncclient")]
    assert f"c:{visitor}" in owners

    posts.sign_out()
    page.evaluate(KNOW_WHO_IT_IS)
    page.evaluate(ENQUEUE, "without a name again")
    wait_until(lambda: visitors(open_proxy) - {visitor}, because="a delivery of another visitor")


def visitors(proxy: Proxy) -> set[str]:
    """The clients that have sent something."""
    return {envelope(exchange)["client"]["id"] for exchange in proxy.deliveries()}
