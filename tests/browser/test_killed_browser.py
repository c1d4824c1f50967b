"""The whole browser is killed, and started again on the same profile."""

from __future__ import annotations

import pytest

from . import faults
from .arrival import assert_applied_once, await_posts
from .cdp import Chromium, Tab
from .person import enqueue, open_posts, sign_in
from .proxy import Proxy
from .site import Site
from .waiting import wait_until

TEXT = "written just before the battery went flat"


@pytest.fixture
def tab(proxy: Proxy, chromium: Chromium) -> Tab:
    """The posts page of a user who signed in yesterday: a browser writes cookies to disk when it closes, or late."""
    sign_in(chromium.open(), proxy.url)
    chromium.quit()
    chromium.start()
    tab = open_posts(chromium, proxy.url)
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    return tab


def test_killed_as_soon_as_enqueue_has_resolved(site: Site, proxy: Proxy, chromium: Chromium, tab: Tab) -> None:
    """What `enqueue()` has promised arrives when the page is opened again."""
    proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, TEXT)
    chromium.kill()
    proxy.clear()
    chromium.start()
    tab = open_posts(chromium, proxy.url)
    tab.wait_for("bgsync.list({}).then(items => items.length === 0)")
    await_posts(site, [TEXT])
    assert_applied_once(site, [TEXT])


def test_killed_with_a_sync_pending(site: Site, proxy: Proxy, chromium: Chromium, tab: Tab) -> None:
    """Once the worker has tried in vain, the next start of the browser is enough: no page need be opened."""
    proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, TEXT)
    wait_until(lambda: "worker" in proxy.contexts(), because="the worker has tried")
    chromium.kill()
    proxy.clear()
    chromium.start()
    await_posts(site, [TEXT])
    assert_applied_once(site, [TEXT])
    assert {attempt["trigger"] for attempt in site.attempts()} == {"sync"}
