"""Who is signed in when an item is sent."""

from __future__ import annotations

from playwright.sync_api import BrowserContext

from . import faults
from .arrival import assert_applied_once
from .posts_page import KNOW_WHO_IT_IS, PostsPage
from .proxy import Proxy
from .site import Site
from .sync_log import SyncLog
from .waiting import wait_until


def test_another_user_on_the_same_browser(site: Site, proxy: Proxy, context: BrowserContext, sync_log: SyncLog) -> None:
    """Nothing of the first one's is stored or applied meanwhile; when the first one is back, it arrives."""
    posts = PostsPage(context.new_page(), proxy.url)
    posts.sign_in("demo")
    posts.await_worker()
    down = proxy.on("POST", "/bgsync/", faults.drop)
    posts.write("demo's own")
    wait_until(lambda: proxy.callers() == {"page", "worker"}, because="page and worker have tried")
    posts.sign_out()
    posts.sign_in("second")
    down.lift()
    posts.write("second's own")
    posts.expect_state("second's own", "sent")
    posts.open()
    posts.expect_waiting([])
    sync_log.wait_for("sync completed", "bgsync:post")
    assert_applied_once(site, ["second's own"], author="second")

    posts.sign_out()
    posts.sign_in("demo")
    posts.expect_state("demo's own", "sent")
    posts.expect_waiting([])
    assert site.posts() == [("demo", "demo's own"), ("second", "second's own")]
    assert [item["state"] for item in site.items()] == ["applied"] * 2


def test_logout_sends_what_waits(site: Site, proxy: Proxy, context: BrowserContext) -> None:
    """Asked to, the device sends before it forgets whose it was; nothing of that owner is left to see."""
    posts = PostsPage(context.new_page(), proxy.url)
    posts.sign_in("demo")
    posts.await_worker()
    down = proxy.on("POST", "/bgsync/", faults.drop)
    posts.write("before I go")
    wait_until(lambda: proxy.contexts() == {"page", "worker"}, because="page and worker have tried")
    down.lift()
    posts.page.evaluate("document.querySelector('[data-bgsync-logout]').dataset.bgsyncLogout = 'send'")
    posts.sign_out()
    assert_applied_once(site, ["before I go"])
    counts = posts.page.evaluate("bgsync.flush().then(() => bgsync.counts())")
    assert set(counts.values()) == {0}


def test_logout_discards_what_waits(site: Site, proxy: Proxy, context: BrowserContext) -> None:
    """Discarded is discarded: the owner's next session finds nothing, and nothing arrives."""
    posts = PostsPage(context.new_page(), proxy.url)
    posts.sign_in("demo")
    down = proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    posts.write("never mind")
    wait_until(lambda: "page" in proxy.contexts(), because="the page has tried")
    assert posts.page.evaluate("bgsync.logout({pending: 'discard'})") == {"sent": 0, "kept": 0, "discarded": 1}
    down.lift()
    posts.page.evaluate(KNOW_WHO_IT_IS)
    posts.expect_waiting([])
    assert site.items() == []


def test_expired_session(site: Site, proxy: Proxy, context: BrowserContext) -> None:
    """A session that has ended blocks the item, visibly; signing in again delivers it."""
    posts = PostsPage(context.new_page(), proxy.url)
    posts.sign_in()
    site.execute("DELETE FROM django_session")
    posts.write("too late for this session")
    posts.expect_state("too late for this session", "blocked")
    assert site.items() == []
    posts.sign_in()
    posts.expect_state("too late for this session", "sent")
    assert_applied_once(site, ["too late for this session"])


def test_csrf_token_rotated_before_sending(site: Site, proxy: Proxy, context: BrowserContext) -> None:
    """The token is the one of the moment of sending, not of the moment of writing."""
    posts = PostsPage(context.new_page(), proxy.url)
    posts.sign_in()
    posts.await_worker()
    for method in ("GET", "POST"):
        proxy.on(method, "/bgsync/", faults.drop)
    posts.write("older than its token")
    wait_until(lambda: proxy.callers() == {"page", "worker"}, because="page and worker have tried")
    old = csrf_token(context)
    sign_in_anew(context, proxy.url)
    assert csrf_token(context) != old
    proxy.clear()
    posts.expect_state("older than its token", "sent")
    assert proxy.deliveries()[-1].request.header("X-CSRFToken") == csrf_token(context)
    assert_applied_once(site, ["older than its token"])


def csrf_token(context: BrowserContext) -> str:
    return next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")


def sign_in_anew(context: BrowserContext, url: str) -> None:
    """Out and in again without any page noticing: Django rotates the token, the cookie changes under them."""
    for path, form in {"logout": {}, "login": {"username": "demo", "password": "demo"}}.items():
        form["csrfmiddlewaretoken"] = csrf_token(context)
        assert context.request.post(f"{url}/accounts/{path}/", form=form).ok
