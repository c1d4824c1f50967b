"""Something between browser and site answers in its place: nothing is believed, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from . import faults
from .arrival import assert_applied_once, await_posts
from .posts_page import PostsPage
from .proxy import Proxy
from .site import Site
from .waiting import wait_until
from .wire import Response

TEXTS = ["one in the outbox", "two in the outbox"]


@pytest.mark.parametrize(
    "strange",
    [
        faults.server_error,
        faults.bad_gateway,
        faults.login_redirect,
        faults.captive_portal,
        faults.captive_portal_json,
        faults.truncated_verdict,
    ],
)
def test_items_stay_and_arrive_later(
    site: Site, proxy: Proxy, context: BrowserContext, strange: Callable[[], Response]
) -> None:
    """Page and worker have both heard the strange answer; the items wait, and arrive when it is over."""
    posts = PostsPage(context.new_page(), proxy.url)
    posts.sign_in()
    posts.await_worker()
    rules = [proxy.on(method, "/bgsync/v1/", faults.answer(strange)) for method in ("GET", "POST")]
    for text in TEXTS:
        posts.write(text)
    wait_until(lambda: proxy.callers() == {"page", "worker"}, because="page and worker have tried")
    for text in TEXTS:
        posts.expect_state(text, "pending")
    posts.expect_waiting(TEXTS)
    assert site.items() == []
    for rule in rules:
        rule.lift()
    await_posts(site, TEXTS)
    for text in TEXTS:
        posts.expect_state(text, "sent")
    posts.expect_waiting([])
    assert_applied_once(site, TEXTS)
