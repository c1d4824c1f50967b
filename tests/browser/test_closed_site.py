"""A site below a path, with LoginRequiredMiddleware and hashed static files, under `default-src 'self'`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .captures import as_json, await_kept, call, take_control
from .closed_wsgi import PREFIX
from .engines.page import Browser, Page
from .faults import drop
from .person import SIGN_IN, await_states, enqueue, flush
from .proxy import Proxy
from .service_workers import service_workers
from .site import Installation, Site

POSTS = f"{PREFIX}/api/posts/"
SCOPE = "navigator.serviceWorker.getRegistration().then(({scope}) => new URL(scope).pathname)"
READY = f"document.readyState === 'complete' && location.pathname === '{PREFIX}/posts/' && !!window.bgsync"
WIDTH = "getComputedStyle(document.querySelector('main')).maxWidth"
INLINE = "document.querySelectorAll('script:not([src]), style, [style], [onclick], [onload]').length"


class ClosedSite(Site):
    application = "tests.browser.closed_wsgi:application"
    prefix = PREFIX


@pytest.fixture(scope="module")
def closed_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("closed")
    options = service_workers(
        directory, CAPTURE=[{"url": f"^{POSTS}"}], OFFLINE_URL=True, PRECACHE=["example/site.css"]
    )
    options["DJANGO_SETTINGS_MODULE"] = "tests.browser.closed_settings"
    with ClosedSite(directory, installation, **options) as site:
        yield site


@pytest.fixture
def site(closed_site: Site) -> Iterator[Site]:
    closed_site.forget()
    yield closed_site
    print(closed_site.said())


@pytest.fixture
def tab(engine: Browser, proxy: Proxy) -> Page:
    tab = engine.open()
    tab.goto(f"{proxy.url}{PREFIX}/accounts/login/?next={PREFIX}/posts/")
    tab.evaluate(SIGN_IN % '"demo"')
    tab.wait_for(READY)
    flush(tab)
    take_control(tab)
    return tab


def cut_off(proxy: Proxy) -> None:
    for method in ("GET", "POST"):
        proxy.on(method, "/", drop)


def test_worker(proxy: Proxy, tab: Page) -> None:
    """It is ours, got without a redirect to the login, and for this site, not for its neighbours on the server."""
    assert tab.evaluate(SCOPE) == f"{PREFIX}/"
    assert tab.evaluate("bgsync.capabilities()")["worker"] == "ours"
    for path in ("bgsync/sw.js", "bgsync/offline/"):
        [exchange, *_] = proxy.seen("GET", f"{PREFIX}/{path}")
        assert exchange.answered_by_site is not None
        assert exchange.answered_by_site.status == 200


def test_items_and_requests(site: Site, proxy: Proxy, tab: Page) -> None:
    """Both are kept while the site is down, and arrive."""
    cut_off(proxy)
    enqueue(tab, "an item")
    assert call(tab, "POST", POSTS, as_json(text="a request")).is_queued
    proxy.clear()
    flush(tab)
    await_kept(tab, [])
    await_states(tab, {})
    assert sorted(site.texts()) == ["a request", "an item"]


def test_offline_page(proxy: Proxy, tab: Page) -> None:
    """It is shown in its own style, with nothing in it that the policy forbids."""
    cut_off(proxy)
    tab.goto(f"{proxy.url}{PREFIX}/posts/")
    assert tab.evaluate("document.body.innerText.includes('No connection')")
    assert tab.evaluate(WIDTH) == "544px"
    assert tab.evaluate(INLINE) == 0
