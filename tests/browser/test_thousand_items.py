"""Three tabs and a worker flush a thousand items through a network that breaks one request in five."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .chance import EVERY_KIND, Chance
from .engines.page import Browser
from .person import await_worker, sign_in, states
from .proxy import Proxy
from .site import Installation, Site
from .waiting import wait_until

TABS = 3
ITEMS = 1000
LANES = ["of tab %d", "of all tabs", "", ""]  # of every four items of a tab
SECONDS = 240
WRITE = """(() => {
    window.results = [];
    for (let number = %(tab)d; number < %(items)d; number += %(tabs)d) {
        const lane = %(lanes)s[Math.floor(number / %(tabs)d) %% 4];
        bgsync.enqueue("post", {text: String(number)}, {lane})
            .then(receipt => receipt.settled).then(result => window.results.push(result));
    }
})()"""
WAKE_THE_WORKER = """navigator.serviceWorker.ready.then(
    registration => registration.active.postMessage({bgsync: 1, type: "flush"}))"""
BY_LANE = """SELECT lane, seq, text FROM django_bgsync_syncitem AS item
    JOIN posts_post AS post ON item.item_id = post.id ORDER BY post.rowid"""


@pytest.fixture
def site(installation: Installation, tmp_path: Path) -> Iterator[Site]:
    with Site(tmp_path, installation, DJANGO_SETTINGS_MODULE="tests.browser.small_batches") as site:
        yield site


def test_three_tabs_and_a_worker(site: Site, proxy: Proxy, engine: Browser) -> None:
    """Each id is applied once, the order inside every lane is that of writing, none is lost, every promise is kept."""
    first = engine.open()
    sign_in(first, proxy.url)
    await_worker(first)
    tabs = [first, *(engine.open() for _ in range(TABS - 1))]
    for tab in tabs:
        tab.goto(f"{proxy.url}/accounts/login/")  # a page that shows no items: drawing them is not what is tested
    chance = Chance(of=5, seed=4)
    for method in ("GET", "POST"):
        proxy.on(method, "/bgsync/", chance)
    for number, tab in enumerate(tabs):
        lanes = [lane.replace("%d", str(number)) for lane in LANES]
        tab.evaluate(WRITE % {"tab": number, "tabs": TABS, "items": ITEMS, "lanes": lanes})

    # A page that finds the worker at it, or in line before it, leaves everything to the worker.
    wait_until(lambda: "page" in proxy.contexts(), because="a page sends", timeout=60)

    def all_settled() -> bool:
        for tab in tabs:
            tab.evaluate("void bgsync.flush()")  # somebody wants it now: our backoff would only make this test longer
        first.evaluate(WAKE_THE_WORKER)
        return sum(tab.evaluate("window.results.length") for tab in tabs) == ITEMS

    wait_until(all_settled, because="every promise is kept", timeout=SECONDS)
    assert states(first) == {}
    assert {status for tab in tabs for status in tab.evaluate("window.results.map(r => r.status)")} == {"applied"}
    assert sorted(int(text) for _, text in site.posts()) == list(range(ITEMS))
    assert [item["state"] for item in site.items()] == ["applied"] * ITEMS
    for lane in ("of tab 0", "of tab 1", "of tab 2", "of all tabs"):
        applied = [row["seq"] for row in site.rows(BY_LANE) if row["lane"] == lane]
        assert len(applied) > ITEMS / 20
        assert applied == sorted(applied), lane
    assert proxy.contexts() == {"page", "worker"}
    assert set(chance.met) == set(EVERY_KIND)
