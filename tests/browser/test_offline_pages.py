"""Opening pages without a connection, in every engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from . import faults
from .captures import take_control
from .engines.gaps import PRELOAD, can
from .engines.page import Browser, Page
from .person import sign_in, sign_out
from .proxy import Proxy
from .service_workers import service_workers
from .site import Installation, Site
from .waiting import wait_until
from .wire import Response

TEXT = "document.body.innerText"
NO_CONNECTION = f"{TEXT}.includes('No connection')"
LOADED = (
    "document.readyState === 'complete' && location.pathname === '/posts/' && !!document.querySelector('#post-form')"
)
ARTICLE = "bgsync.enqueue('article', {number: 7}).then(receipt => receipt.settled)"


@pytest.fixture(scope="module")
def keeping_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("keeping")
    options: dict[str, Any] = {"OFFLINE_URL": True, "PRECACHE": ["example/site.css"]}
    with Site(directory, installation, **service_workers(directory, **options)) as site:
        yield site


@pytest.fixture
def site(keeping_site: Site) -> Iterator[Site]:
    keeping_site.forget()
    yield keeping_site
    print(keeping_site.said())


@pytest.fixture
def tab(engine: Browser, proxy: Proxy) -> Page:
    tab = engine.open()
    sign_in(tab, proxy.url)
    take_control(tab)
    return tab


def cut_off(proxy: Proxy) -> None:
    """Nothing gets through any more."""
    for method in ("GET", "POST"):
        proxy.on(method, "/", faults.drop)


def test_page_that_cannot_be_loaded(proxy: Proxy, tab: Page) -> None:
    """The site's own page says so, in its own style, and leads back to the page that was wanted."""
    cut_off(proxy)
    tab.goto(f"{proxy.url}/posts/")
    assert tab.evaluate(NO_CONNECTION)
    assert tab.evaluate("location.pathname") == "/posts/"
    assert tab.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "544px"
    proxy.clear()
    tab.evaluate("void document.querySelector('main a').click()")
    tab.wait_for(LOADED)


def test_what_is_kept_is_fetched_without_credentials(proxy: Proxy, tab: Page) -> None:
    """It is the same for everybody who uses the device."""
    wait_until(lambda: proxy.seen("GET", "/bgsync/offline/"), because="the worker has been installed")
    assert [exchange.request.header("Cookie") for exchange in proxy.seen("GET", "/bgsync/offline/")] == [None]


def test_page_that_a_result_brought(proxy: Proxy, tab: Page) -> None:
    """What the server gave this user to keep is there when its item settles, and for nobody else."""
    settled = tab.evaluate(ARTICLE)
    assert settled["result"] == {"cache": ["/articles/7/"]}
    down = [proxy.on("GET", path, faults.drop) for path in ("/articles/", "/posts/")]
    tab.goto(f"{proxy.url}/articles/7/")
    assert tab.evaluate(TEXT) == "Article 7 for demo"
    for rule in down:
        rule.lift()
    tab.goto(f"{proxy.url}/posts/")
    sign_out(tab)
    sign_in(tab, proxy.url, "admin")
    proxy.on("GET", "/articles/", faults.drop)
    tab.goto(f"{proxy.url}/articles/7/")
    assert tab.evaluate(NO_CONNECTION)


def test_network_comes_first(proxy: Proxy, tab: Page) -> None:
    """What is kept is for when there is no connection: with one, the site answers."""
    tab.evaluate(ARTICLE)
    newer = proxy.on("GET", "/articles/", faults.answer(lambda: Response.make(200, "<!doctype html>Article 7, mended")))
    tab.goto(f"{proxy.url}/articles/7/")
    assert tab.evaluate(TEXT) == "Article 7, mended"
    newer.lift()
    tab.goto(f"{proxy.url}/posts/")
    sign_out(tab)
    tab.goto(f"{proxy.url}/articles/7/")
    assert tab.evaluate(TEXT) == "Article 7 for AnonymousUser"


def test_each_page_is_asked_for_once(proxy: Proxy, engine: Browser, tab: Page) -> None:
    """A page that is opened is one request, ahead of the worker where a preload may fail without harm."""
    before = len(proxy.seen("GET", "/posts/"))
    tab.goto(f"{proxy.url}/posts/?once")
    [exchange] = proxy.seen("GET", "/posts/")[before:]
    preload = exchange.request.header("Service-Worker-Navigation-Preload")
    assert preload == ("true" if can(engine.name, PRELOAD) else None)


def test_form_that_is_submitted(proxy: Proxy, tab: Page) -> None:
    """A plain form without a connection is the browser's own error page, which can submit it again."""
    cut_off(proxy)
    tab.evaluate("void (window.isLeft = true)")
    tab.evaluate("void document.querySelector('header form').submit()")
    wait_until(lambda: proxy.seen("POST", "/accounts/logout/"), because="it has been submitted")
    # Firefox's own page may stay "interactive", with all its text
    wait_until(lambda: not says(tab, "window.isLeft || document.readyState === 'loading'"), because="the page is left")
    assert not says(tab, NO_CONNECTION)


def says(tab: Page, expression: str) -> bool:
    """Whether this is true in the page that is shown; an error page of the browser need not say anything."""
    try:
        return bool(tab.evaluate(expression))
    except AssertionError:
        return False
