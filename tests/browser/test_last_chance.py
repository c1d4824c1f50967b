"""The browser's last call: it forgets the sync after it, the outbox does not forget the item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import faults
from .arrival import assert_applied_once
from .engines.chromium import Chromium
from .person import await_states, await_worker, enqueue, open_posts, sign_in
from .proxy import Proxy, envelope
from .site import Site
from .waiting import wait_until


@pytest.fixture
def impatient(executable: str, tmp_path: Path) -> Iterator[Chromium]:
    """A Chromium that calls a worker twice, as a user's calls it three times in twenty minutes."""
    chromium = Chromium(executable, tmp_path, attempts=2)
    chromium.start()
    yield chromium
    chromium.kill()


def test_item_outlives_the_last_chance(site: Site, proxy: Proxy, impatient: Chromium) -> None:
    """The worker says that it is the last one and keeps the item; the next visit sends it."""
    tab = impatient.open()
    sign_in(tab, proxy.url)
    await_worker(tab)
    down = proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, "called for the last time")

    def chances() -> list[bool]:
        events = [e for e in map(envelope, proxy.deliveries()) if e["trigger"] == "sync"]
        return [event["last_chance"] for event in events]

    wait_until(lambda: True in chances(), because="the browser has called for the last time")
    tab.close()
    assert site.items() == []
    down.lift()
    tab = open_posts(impatient, proxy.url)
    await_states(tab, {})
    assert_applied_once(site, ["called for the last time"])
