"""The service worker is killed in the middle of a request."""

from __future__ import annotations

import pytest

from . import faults
from .arrival import assert_applied_once, await_posts
from .engines.chromium import Chromium
from .person import enqueue, open_posts, sign_in
from .proxy import Fault, Proxy
from .site import Site
from .waiting import wait_until

TEXT = "in the hands of a dying worker"


@pytest.mark.parametrize(("fault", "is_committed"), [(faults.hang, False), (faults.hang_after_commit, True)])
def test_killed_while_its_request_hangs(
    site: Site, proxy: Proxy, chromium: Chromium, fault: Fault, is_committed: bool
) -> None:
    """Whether or not the site had applied the item by then, it is applied once in the end, with no page open."""
    tab = chromium.open()
    sign_in(tab, proxy.url)
    tab.evaluate("navigator.serviceWorker.ready.then(() => true)")
    proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    enqueue(tab, TEXT)
    wait_until(lambda: "worker" in proxy.contexts(), because="the worker has tried")
    tab.close()
    hanging = proxy.on("POST", "/bgsync/v1/deliveries/", fault)
    wait_until(lambda: hanging.hits, because="the worker's request hangs")
    wait_until(lambda: bool(site.posts()) == is_committed, because="the site has done what it was asked")
    before = len(proxy.deliveries())
    proxy.clear()
    chromium.open().stop_workers()
    wait_until(lambda: proxy.answers(after=before), because="the next worker's delivery is answered")
    await_posts(site, [TEXT])
    tab = open_posts(chromium, proxy.url)
    tab.wait_for("bgsync.list({}).then(items => items.length === 0)")
    assert_applied_once(site, [TEXT])
    assert [answer["results"][0]["replayed"] for answer in proxy.answers(after=before)] == [is_committed]
