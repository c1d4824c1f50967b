"""Real `periodicsync` events of Chromium, in a worker that no DevTools hold: with every page closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import faults
from .engines.chromium import Chromium
from .engines.page import Page
from .news import READ, await_titles, only, publish, pulls, read, register
from .periodic_log import PeriodicLog
from .person import await_worker, sign_in
from .proxy import Proxy
from .service_workers import service_workers
from .site import Installation, Site
from .waiting import wait_until

WORKER = "/bgsync/sw.js"
TAGS = "navigator.serviceWorker.ready.then(({periodicSync}) => periodicSync.getTags())"


@pytest.fixture(scope="module")
def one_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site"), installation, NEWS_INTERVAL="0") as site:
        yield site


@pytest.fixture
def allowed(chromium: Chromium, proxy: Proxy) -> Page:
    """A page of a site that may use periodic sync, as an installed one may."""
    permission = {"name": "periodic-background-sync"}
    chromium.send("Browser.setPermission", origin=proxy.url, permission=permission, setting="granted")
    tab = chromium.open()
    sign_in(tab, proxy.url)
    await_worker(tab)
    return tab


@pytest.fixture
def log(chromium: Chromium) -> PeriodicLog:
    return PeriodicLog(chromium)


def test_with_every_page_closed(site: Site, proxy: Proxy, chromium: Chromium, allowed: Page, log: PeriodicLog) -> None:
    """The browser says when; what has come meanwhile is read later, with the server out of reach."""
    only(site, "ferry")
    assert register(allowed, minInterval=1_000) == "registered"
    await_titles(allowed, "ferry")
    assert allowed.evaluate("bgsync.periodic.list().then(([feed]) => feed.state)") == "registered"
    publish(site, *(f"news {number}" for number in range(45)))  # in three pages
    allowed.close()
    wait_until(lambda: any(pull["items"] == 45 for pull in pulls(site)), because="an event has pulled", timeout=60)
    pull = next(pull for pull in pulls(site) if pull["items"] == 45)
    assert (pull["trigger"], pull["outcome"], pull["pages"]) == ("periodicsync", "complete", 3)
    assert (pull["wanted_seconds"], pull["granted_seconds"] >= 1) == (1, True)
    wait_until(log.ended, because="it has come to its end")
    proxy.on("GET", "/bgsync/v1/", faults.drop)
    later = chromium.open()
    later.goto(f"{proxy.url}/news/")
    assert read(later) == ["ferry", *(f"news {number}" for number in range(45))]


def test_pages_without_a_server(tmp_path: Path, installation: Installation, chromium: Chromium) -> None:
    """With its scripts among what is kept, the page that shows the feed is opened, and those of its articles."""
    scripts = ["bgsync", "bgsync-engine", "bgsync-feeds"]
    kept = [*(f"django_bgsync/{name}.min.js" for name in scripts), "example/news.js", "example/site.css"]
    with Site(tmp_path, installation, **service_workers(tmp_path, PRECACHE=kept)) as site:
        only(site, "ferry")
        tab = chromium.open()
        sign_in(tab, site.url)
        await_worker(tab)
        register(tab)
        await_titles(tab, "ferry")
        article = tab.evaluate(f"{READ}.then(({{items}}) => items[0].url)")
        tab.close()
        site.stop()
        later = chromium.open()
        later.goto(f"{site.url}/news/")
        later.wait_for("document.querySelector('#as-of')?.textContent.startsWith('As of')")
        assert later.evaluate("document.querySelector('#articles h2').textContent") == "ferry"
        later.goto(f"{site.url}{article}")
        assert later.evaluate("document.querySelector('h1').textContent") == "ferry"


def test_worker_is_renewed(site: Site, proxy: Proxy, allowed: Page, log: PeriodicLog) -> None:
    """Each event asks for a newer worker. Beside an open page: without one Chromium may put that off by minutes."""
    register(allowed, minInterval=0)
    log.await_events(2)
    assert len(proxy.seen("GET", WORKER)) >= 3  # and once to install it


def test_taken_back(site: Site, allowed: Page) -> None:
    """The browser forgets the feed, and what was read stays."""
    only(site, "ferry")
    register(allowed, minInterval=1_000)
    await_titles(allowed, "ferry")
    assert allowed.evaluate(TAGS) == ["bgsync:latest-news"]
    assert allowed.evaluate("bgsync.periodic.unregister('latest-news')") is True
    assert allowed.evaluate(TAGS) == []
    assert read(allowed) == ["ferry"]


def test_events_that_come_too_early(site: Site, allowed: Page, log: PeriodicLog) -> None:
    """Events come, and the feed is not asked for before its own interval is over."""
    only(site, "ferry")
    site.change(NEWS_INTERVAL="3600")
    site.restart()
    register(allowed, minInterval=0)
    await_titles(allowed, "ferry")
    publish(site, "bridge")
    allowed.close()
    log.await_events(2)
    assert [pull["trigger"] for pull in pulls(site)] == ["load"]
    site.change(NEWS_INTERVAL="0")
    site.restart()


def test_signed_out_meanwhile(site: Site, proxy: Proxy, chromium: Chromium, allowed: Page, log: PeriodicLog) -> None:
    """Events under nobody's session end quietly: nothing is pulled, and the browser keeps the feed for its owner."""
    only(site, "ferry")
    register(allowed, minInterval=0)
    await_titles(allowed, "ferry")
    site.execute("DELETE FROM django_session")
    publish(site, "bridge")
    allowed.close()
    log.await_events(2)
    assert all(pull["items"] == 1 for pull in pulls(site) if pull["items"])
    later = chromium.open()
    later.goto(f"{proxy.url}/accounts/login/")
    assert later.evaluate(TAGS) == ["bgsync:latest-news"]
