"""A new release comes while items wait and pages are open, and for a while old and new servers answer in turn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from .captures import as_json, await_kept, call, kept, take_control
from .engines.page import Browser, Page
from .faults import drop
from .person import enqueue, flush, sign_in
from .proxy import Exchange, Fault, Proxy, pass_on
from .service_workers import service_workers
from .site import Installation, Site
from .waiting import wait_until

POSTS = "/api/posts/"
COUNT_UPDATES = "void (window.updates = 0, bgsync.addEventListener('update', () => { window.updates += 1; }))"
UPDATE = "navigator.serviceWorker.getRegistration().then(found => found.update()).then(() => true)"
WORKERS = """navigator.serviceWorker.getRegistration().then(({active, waiting, installing}) => (
    [active, waiting, installing].map(worker => worker && worker.state)
))"""
CACHED = """caches.keys().then(names => Promise.all(
    names.filter(name => name.startsWith("bgsync:precache:")).map(name => caches.open(name).then(cache => cache.keys()))
)).then(lists => lists.map(list => list.map(({url}) => new URL(url).pathname)))"""


@pytest.fixture
def releases(installation: Installation, tmp_path: Path) -> Iterator[tuple[Site, Site]]:
    """Two releases of a site on one database, each with a file that the other does not have."""
    sites = [release(installation, tmp_path, number) for number in ("1", "2")]
    sites[1].share(sites[0])
    with sites[0], sites[1]:
        yield sites[0], sites[1]


def release(installation: Installation, directory: Path, number: str) -> Site:
    place = directory / number
    place.mkdir()
    precache = ["example/site.css", f"/release-{number}.css"]
    options = service_workers(place, CAPTURE=[{"url": f"^{POSTS}"}], OFFLINE_URL=True, PRECACHE=precache)
    return Site(place, installation, RELEASE=number, **options)


def through(*sites: Site) -> Fault:
    """A load balancer: the next request goes to the next site."""
    ports = itertools.cycle(site.port for site in sites)

    async def balanced(exchange: Exchange) -> None:
        exchange.origin = ("127.0.0.1", next(ports))
        await pass_on(exchange)

    return balanced


def serve(proxy: Proxy, *sites: Site) -> None:
    proxy.clear()
    for method in ("GET", "POST"):
        proxy.on(method, "/", through(*sites))


def test_two_tabs_and_two_releases(releases: tuple[Site, Site], engine: Browser) -> None:
    """Nothing is lost, no install fails, each page decides when it changes over, and what is kept is the new one's."""
    old, new = releases
    proxy = Proxy(old.port)
    proxy.start()
    tabs = [engine.open(), engine.open()]
    sign_in(tabs[0], proxy.url)
    take_control(tabs[0])
    tabs[1].goto(f"{proxy.url}/posts/")
    take_control(tabs[1])
    for tab in tabs:
        tab.evaluate(COUNT_UPDATES)

    for method in ("GET", "POST"):
        proxy.on(method, "/", drop)
    for number, tab in enumerate(tabs):
        enqueue(tab, f"written in tab {number}")
        assert call(tab, "POST", POSTS, as_json(text=f"captured in tab {number}")).is_queued
    assert len(kept(tabs[0])) == 4

    serve(proxy, old, new)
    for tab in tabs * 2:
        tab.evaluate(UPDATE)
    wait_until(lambda: waiting(tabs[0]), because="the new worker waits for the pages")
    for tab in tabs:
        tab.wait_for("window.updates >= 1")
        flush(tab)
    await_kept(tabs[0], [])
    assert call(tabs[1], "POST", POSTS, as_json(text="while both answer")).status == 201

    serve(proxy, new)
    tabs[0].evaluate(UPDATE)
    wait_until(lambda: waiting(tabs[0]), because="the new worker waits for the pages")
    assert tabs[0].evaluate("bgsync.update()") is True
    for tab in tabs:
        tab.reload()
        take_control(tab)
    assert tabs[0].evaluate(WORKERS) == ["activated", None, None]
    wait_until(lambda: has_only("/release-2.css", tabs[0]), because="the new release's files are kept, and no others")
    enqueue(tabs[1], "in the new release")
    flush(tabs[1])
    await_kept(tabs[1], [])
    expected = [*(f"{how} in tab {number}" for how in ("written", "captured") for number in (0, 1))]
    assert sorted(old.texts()) == sorted([*expected, "while both answer", "in the new release"])
    assert {item["state"] for item in old.items()} == {"applied"}
    proxy.stop()


def has_only(path: str, tab: Page) -> bool:
    """Whether one release's files are kept, and this is the one among them that the other release does not have."""
    caches = tab.evaluate(CACHED)
    return [[kept for kept in paths if kept.startswith("/release-")] for paths in caches] == [[path]]


def waiting(tab: Page) -> bool:
    _, waits, installing = tab.evaluate(WORKERS)
    return waits == "installed" and installing is None
