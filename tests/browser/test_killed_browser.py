"""The whole browser is killed, and started again on the same profile."""

from __future__ import annotations

import pytest

from . import faults
from .arrival import assert_applied_once, await_posts
from .engines.chromium import Chromium
from .engines.page import Browser, Page
from .person import await_states, await_worker, enqueue, open_posts, sign_in
from .proxy import Fault, Proxy
from .site import Site
from .waiting import wait_until

TEXT = "written just before the battery went flat"


def signed_in_yesterday(browser: Browser, proxy: Proxy) -> Page:
    """The posts page of a user: a browser writes cookies to disk when it closes, or late."""
    sign_in(browser.open(), proxy.url)
    browser.quit()
    browser.start()
    tab = open_posts(browser, proxy.url)
    await_worker(tab)
    return tab


def test_killed_as_soon_as_enqueue_has_resolved(site: Site, proxy: Proxy, lasting: Browser) -> None:
    """What `enqueue()` has promised arrives when the page is opened again."""
    tab = signed_in_yesterday(lasting, proxy)
    proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, TEXT)
    lasting.kill()
    proxy.clear()
    lasting.start()
    tab = open_posts(lasting, proxy.url)
    await_states(tab, {})
    assert_applied_once(site, [TEXT])


@pytest.mark.parametrize(("fault", "is_committed"), [(faults.hang, False), (faults.hang_after_commit, True)])
def test_killed_in_the_middle_of_a_delivery(
    site: Site, proxy: Proxy, lasting: Browser, fault: Fault, is_committed: bool
) -> None:
    """Whether or not the site had applied the item by then, it is applied once."""
    tab = signed_in_yesterday(lasting, proxy)
    hanging = proxy.on("POST", "/bgsync/v1/deliveries/", fault)
    enqueue(tab, TEXT)
    wait_until(lambda: hanging.hits, because="the delivery is on its way")
    wait_until(lambda: bool(site.posts()) == is_committed, because="the site has done what it was asked")
    lasting.kill()
    proxy.clear()
    lasting.start()
    tab = open_posts(lasting, proxy.url)
    await_states(tab, {})
    assert_applied_once(site, [TEXT])


def test_killed_with_a_sync_pending(site: Site, proxy: Proxy, chromium: Chromium) -> None:
    """Once the worker has tried in vain, the next start of the browser is enough: no page need be opened."""
    tab = signed_in_yesterday(chromium, proxy)
    proxy.on("POST", "/bgsync/", faults.drop)
    enqueue(tab, TEXT)
    wait_until(lambda: "worker" in proxy.contexts(), because="the worker has tried")
    chromium.kill()
    proxy.clear()
    chromium.start()
    await_posts(site, [TEXT])
    assert_applied_once(site, [TEXT])
    assert {attempt["trigger"] for attempt in site.attempts()} == {"sync"}
