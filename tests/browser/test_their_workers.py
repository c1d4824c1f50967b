"""Sites with a service worker of their own, made with Workbox or by hand: our line added, theirs untouched."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from . import faults
from .arrival import assert_applied_once
from .captures import as_json, call, take_control
from .engines.gaps import BACKGROUND_SYNC, can
from .engines.page import Browser, Page
from .person import await_states, enqueue, flush, sign_in
from .posts_page import PostsPage
from .proxy import Proxy, envelope
from .service_workers import REGISTER_THEIRS, service_workers
from .site import Installation, Site
from .waiting import wait_until

NPM = Path(__file__).parent / "workbox"
OUR_LINE = 'importScripts("/bgsync/worker.js");\n'
BY_HAND = """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", event => {
    if (new URL(event.request.url).pathname.startsWith("/static/example/")) event.respondWith(fromCache(event.request));
});
self.addEventListener("message", event => event.data === "who?" && event.ports[0].postMessage("theirs"));

async function fromCache(request) {
    const cache = await caches.open("theirs");
    const found = await cache.match(request);
    if (found) return found;
    const response = await fetch(request);
    await cache.put(request, response.clone());
    return response;
}
"""
STYLE = "/static/example/site."
REGISTERED = "navigator.serviceWorker.getRegistrations().then(all => all.map(({active}) => active.scriptURL))"
WAITING = "navigator.serviceWorker.getRegistration().then(({waiting, installing}) => Boolean(waiting || installing))"
FETCH_STYLE = "fetch(document.querySelector('link[rel=stylesheet]').href).then(response => response.status)"


@pytest.fixture(scope="session")
def workbox() -> str:
    """A worker that a site has built with Workbox."""
    if not (NPM / "node_modules").exists():
        npm("ci", "--no-audit", "--no-fund")
    return npm("run", "build")


def npm(*arguments: str) -> str:
    """What it says."""
    program = shutil.which("npm")
    assert program, "npm is needed: install Node 20 or newer"
    done = subprocess.run([program, arguments[0], "--silent", *arguments[1:]], cwd=NPM, check=True, capture_output=True)
    return done.stdout.decode()


@pytest.fixture(params=["workbox", "by hand"])
def theirs(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("workbox") if request.param == "workbox" else BY_HAND


@pytest.fixture
def site(installation: Installation, tmp_path: Path, theirs: str) -> Iterator[Site]:
    """A site whose worker has our line in it."""
    options = service_workers(tmp_path, theirs=OUR_LINE + theirs, REGISTER="/their-worker.js")
    with Site(tmp_path, installation, **options) as site:
        yield site


@pytest.fixture
def tab(engine: Browser, proxy: Proxy) -> Page:
    tab = engine.open()
    sign_in(tab, proxy.url)
    take_control(tab)
    return tab


def test_both_do_their_work(site: Site, proxy: Proxy, tab: Page) -> None:
    """Theirs answers what it answered before, ours sends items; each request is made once."""
    assert tab.evaluate(REGISTERED) == [f"{proxy.url}/their-worker.js"]
    assert tab.evaluate("bgsync.capabilities()")["worker"] == "ours"
    assert tab.evaluate(WAITING) is False
    tab.reload()
    before = len(proxy.seen("GET", STYLE))
    assert tab.evaluate(FETCH_STYLE) == 200
    assert len(proxy.seen("GET", STYLE)) == before, "theirs has it in its cache"

    enqueue(tab, "by ours")
    await_states(tab, {})
    assert call(tab, "POST", "/api/open-posts/", as_json(text="by theirs")).status == 201
    assert len(proxy.seen("POST", "/api/open-posts/")) == 1
    assert len(proxy.items_sent()) == len(set(proxy.items_sent())) == 1
    assert sorted(site.texts()) == ["by ours", "by theirs"]


def test_outage(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """With the site down, and up again, every item arrives once; where there is background sync, theirs is woken."""
    down = [proxy.on(method, "/bgsync/v1/", faults.drop) for method in ("GET", "POST")]
    for text in ("one", "two"):
        enqueue(tab, text)
    flush(tab)
    await_states(tab, {"one": "queued", "two": "queued"})
    tab.close()
    for rule in down:
        rule.lift()
    if can(engine.name, BACKGROUND_SYNC):
        wait_until(lambda: proxy.answers(), because="their worker was woken, and ours in it has sent")
        senders = [envelope(exchange)["context"] for exchange in proxy.deliveries() if exchange.answered_by_site]
        assert set(senders) == {"worker"}
    tab = engine.open()
    tab.goto(f"{proxy.url}/posts/")
    flush(tab)
    await_states(tab, {})
    assert_applied_once(site, ["one", "two"])


def test_without_our_line(installation: Installation, context: BrowserContext, tmp_path: Path, theirs: str) -> None:
    """It is left alone: the page sends by itself, and the console says which line to add."""
    with Site(tmp_path, installation, **service_workers(tmp_path, theirs=theirs)) as site:
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{site.url}/their-worker.js")
        page.evaluate(REGISTER_THEIRS)
        posts = PostsPage(page, site.url)
        posts.sign_in()
        assert page.evaluate("bgsync.capabilities()")["worker"] == "foreign"
        assert page.evaluate(REGISTERED) == [f"{site.url}/their-worker.js"]
        wait_until(
            lambda: any(f'importScripts("{site.url}/bgsync/worker.js");' in text for text in said),
            because="the console gives advice",
            tick=lambda seconds: page.wait_for_timeout(seconds * 1000),
        )
        assert page.evaluate(FETCH_STYLE) == 200
        assert page.evaluate("caches.has('theirs')") is True
        posts.write("by the page")
        posts.expect_state("by the page", "sent")
        assert_applied_once(site, ["by the page"])
