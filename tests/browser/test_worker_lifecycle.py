"""New releases of the worker, sites that have one of their own, and sites that want none any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from .arrival import assert_applied_once, await_posts
from .posts_page import PostsPage
from .service_workers import IMPORTING, REGISTER_THEIRS, extend_worker, service_workers
from .site import Installation, Site
from .sync_log import SyncLog
from .waiting import wait_until

COUNT_UPDATES = "window.updates = 0; bgsync.addEventListener('update', () => { window.updates += 1; })"
REGISTRATION = "navigator.serviceWorker.getRegistration()"
WAITING = f"{REGISTRATION}.then(({{waiting}}) => Boolean(waiting))"
NO_WORKER = "navigator.serviceWorker.getRegistrations().then(all => all.length === 0)"


@pytest.fixture
def waiting_site(installation: Installation, tmp_path: Path) -> Iterator[Site]:
    """A site whose worker has a fetch handler, so that a new one waits."""
    settings = service_workers(tmp_path)
    extend_worker(tmp_path, "1")
    with Site(tmp_path, installation, **settings) as site:
        yield site


def test_update_waits_for_the_page(
    waiting_site: Site, context: BrowserContext, sync_log: SyncLog, tmp_path: Path
) -> None:
    """A page of the release before goes on while the new worker waits, is told, switches, and goes on."""
    posts = signed_in(context.new_page(), waiting_site)
    posts.page.evaluate(COUNT_UPDATES)
    extend_worker(tmp_path, "2")
    waiting_site.restart()
    PostsPage(context.new_page(), waiting_site.url).open()
    posts.page.wait_for_function("window.updates === 1")
    assert posts.page.evaluate(WAITING) is True

    posts.write("while it waits")
    posts.expect_state("while it waits", "sent")
    sync_log.wait_for("sync completed", "bgsync:post")
    assert posts.page.evaluate("bgsync.update()") is True
    assert posts.page.evaluate(WAITING) is False

    posts.write("after it has taken over")
    posts.expect_state("after it has taken over", "sent")
    assert_applied_once(waiting_site, ["while it waits", "after it has taken over"])
    assert posts.page.evaluate("bgsync.update()") is False


def test_update_without_waiting(installation: Installation, context: BrowserContext, tmp_path: Path) -> None:
    """Without a fetch handler a new release of the worker takes over at once, and no page is told to do anything."""
    settings = service_workers(tmp_path)
    with Site(tmp_path, installation, **settings) as site:
        posts = signed_in(context.new_page(), site)
        posts.page.evaluate(COUNT_UPDATES)
        posts.page.evaluate(f"{REGISTRATION}.then(({{active}}) => {{ window.before = active; }})")
        extend_worker(tmp_path, "2", waits=False)
        site.restart()
        posts.page.evaluate(f"{REGISTRATION}.then(registration => registration.update()).then(() => 0)")
        taken_over = f"{REGISTRATION}.then(({{active}}) => active !== window.before)"
        wait_until(lambda: posts.page.evaluate(taken_over), because="the new worker has taken over")
        posts.write("as if nothing had happened")
        posts.expect_state("as if nothing had happened", "sent")
        assert posts.page.evaluate("window.updates") == 0


def test_worker_is_taken_away(installation: Installation, context: BrowserContext, tmp_path: Path) -> None:
    """ENABLED: False: the worker removes itself, the page sends what was queued, and nothing registers it again."""
    with Site(tmp_path, installation) as site:
        posts = signed_in(context.new_page(), site)
        context.set_offline(True)
        posts.write("written before")
        site.change(**service_workers(tmp_path, ENABLED=False))
        site.restart()
        context.set_offline(False)
        posts.open()
        wait_until(lambda: posts.page.evaluate(NO_WORKER), because="the worker has removed itself")
        await_posts(site, ["written before"])  # by the page before, perhaps, while this one was being loaded
        posts.open()
        assert posts.page.evaluate("bgsync.capabilities()")["worker"] == "none"
        posts.write("written without")
        posts.expect_state("written without", "sent")
        assert posts.page.evaluate(NO_WORKER) is True
        assert_applied_once(site, ["written before", "written without"])


@pytest.mark.parametrize("register", [True, False])
def test_worker_of_the_site_that_imports_ours(
    installation: Installation, context: BrowserContext, sync_log: SyncLog, tmp_path: Path, register: bool
) -> None:
    """It stays in its place, wakes up for the outbox, and decides about its life itself."""
    with Site(tmp_path, installation, **service_workers(tmp_path, theirs=IMPORTING, REGISTER=register)) as site:
        page = context.new_page()
        page.goto(f"{site.url}/their-worker.js")
        page.evaluate(REGISTER_THEIRS)
        posts = PostsPage(page, site.url)
        posts.sign_in()
        assert page.evaluate("bgsync.capabilities()")["worker"] == "ours"
        scripts = "navigator.serviceWorker.getRegistrations().then(all => all.map(({active}) => active.scriptURL))"
        assert page.evaluate(scripts) == [f"{site.url}/their-worker.js"]
        posts.write("woken by theirs")
        posts.expect_state("woken by theirs", "sent")
        sync_log.wait_for("sync completed", "bgsync:post")


def signed_in(page: Page, site: Site) -> PostsPage:
    posts = PostsPage(page, site.url)
    posts.sign_in()
    posts.await_worker()
    return posts
