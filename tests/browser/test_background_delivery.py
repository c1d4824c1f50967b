"""What was written without a server is sent when there is one: where browsers do that by the worker, with no page open.

Elsewhere it is sent by the next visit, whole.
"""

from __future__ import annotations

from playwright.sync_api import BrowserContext

from .admin import Admin, page_of
from .arrival import assert_applied_once, await_posts
from .engines.gaps import BACKGROUND_SYNC, can
from .engines.page import Browser, Page
from .person import await_shown, await_states, await_worker, visit, write
from .posts_page import PostsPage
from .proxy import Proxy
from .site import Site
from .sync_log import SyncLog
from .waiting import wait_until

TEXTS = [f"from the tunnel {number}" for number in range(1, 6)]


def test_five_posts_written_while_the_server_is_down(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """They arrive exactly once, with no page open where that can be, and the admin tells their story."""
    await_worker(tab)
    site.stop()
    for text in TEXTS:
        write(tab, text)
        await_shown(tab, text, "pending")
    tab.close()
    if can(engine.name, BACKGROUND_SYNC):
        wait_until(lambda: "worker" in proxy.callers(), because="the worker has tried")
    site.start()
    if can(engine.name, BACKGROUND_SYNC):
        await_posts(site, TEXTS)
    await_states(visit(engine, proxy.url), {})
    assert_applied_once(site, TEXTS)
    by = ("sync", "worker") if can(engine.name, BACKGROUND_SYNC) else ("load", "page")
    assert {(attempt["trigger"], attempt["context"]) for attempt in site.attempts()} == {by}
    with Admin(site.url) as admin:
        assert_admin_shows(admin, "sync event" if can(engine.name, BACKGROUND_SYNC) else "page load")


def test_offline_posts_are_sent_when_the_network_returns(
    site: Site, context: BrowserContext, sync_log: SyncLog
) -> None:
    """Offline the browser holds the sync; the network's return fires it, with the page closed."""
    posts = PostsPage(context.new_page(), site.url)
    posts.sign_in()
    posts.await_worker()
    context.set_offline(True)
    posts.write("from the underground")
    posts.expect_status("Offline")
    sync_log.wait_for("registered sync", "bgsync:post")
    posts.page.close()
    assert "dispatched sync event" not in sync_log.names("bgsync:post")
    context.set_offline(False)
    await_posts(site, ["from the underground"])
    sync_log.wait_for("sync completed", "bgsync:post")
    assert_applied_once(site, ["from the underground"])


def assert_admin_shows(admin: Admin, trigger: str) -> None:
    """Five items and their attempts by this trigger, with the tag and the client, linked to each other."""
    items, attempts = admin.rows("syncitem"), admin.rows("deliveryattempt")
    (tag,), (client,) = admin.rows("synctag"), admin.rows("syncclient")
    assert [item["state"].text for item in items] == ["applied"] * len(TEXTS)
    assert [(attempt["trigger"].text, attempt["outcome"].text) for attempt in attempts] == [(trigger, "applied")] * len(
        TEXTS
    )
    assert {attempt["item_link"].href for attempt in attempts} == {page_of(item) for item in items}
    for row in items + attempts:
        assert row["tag_link"] == tag["name"]
        assert row["client_link"].href == page_of(client)
    pages = [admin.page(page_of(item)) for item in items]
    assert all(any(text in page for page in pages) for text in TEXTS)
    assert "demo" in admin.page(page_of(client))
