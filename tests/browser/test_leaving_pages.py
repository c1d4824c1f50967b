"""The page is reloaded or closed with its delivery on the way."""

from __future__ import annotations

import pytest

from . import faults
from .arrival import assert_applied_once, await_posts
from .engines.gaps import BACKGROUND_SYNC, can
from .engines.page import Browser, Page
from .person import await_states, await_worker, enqueue, open_posts
from .proxy import Fault, Proxy
from .site import Site
from .waiting import wait_until

TEXT = "the page was gone before the answer"


@pytest.mark.parametrize(("fault", "is_committed"), [(faults.hang, False), (faults.hang_after_commit, True)])
def test_reloaded_in_the_middle_of_a_flush(
    site: Site, proxy: Proxy, tab: Page, fault: Fault, is_committed: bool
) -> None:
    """Whether or not the site had applied the item by then, the next page sends it, and it is applied once."""
    await_worker(tab)
    hanging = proxy.on("POST", "/bgsync/v1/deliveries/", fault, times=1)
    enqueue(tab, TEXT)
    wait_until(lambda: hanging.hits, because="the delivery is on its way")
    wait_until(lambda: bool(site.posts()) == is_committed, because="the site has done what it was asked")
    tab.reload()
    await_states(tab, {})
    assert_applied_once(site, [TEXT])
    assert [answer["results"][0]["replayed"] for answer in proxy.answers(after=1)] == [is_committed]


def test_closed_in_the_middle_of_a_flush(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """The page closes while its flush holds the lock: with background sync the worker, which waited for it, delivers.

    Without, it usually does so too, but Firefox sometimes loses what a closing page tells its worker.
    """
    await_worker(tab)
    hanging = proxy.on("POST", "/bgsync/v1/deliveries/", faults.hang, times=1)
    enqueue(tab, TEXT)
    wait_until(lambda: hanging.hits, because="the delivery is on its way")
    tab.close()
    if can(engine.name, BACKGROUND_SYNC):
        await_posts(site, [TEXT])
        assert proxy.contexts() == {"page", "worker"}
    tab = open_posts(engine, proxy.url)
    await_states(tab, {})
    assert_applied_once(site, [TEXT])


def test_result_reaches_later_pages(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """`settled(id)` resolves in a page that was reloaded, in another tab, and in one opened when all was over."""
    down = proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    item = enqueue(tab, TEXT)
    tab.reload()
    other = open_posts(engine, proxy.url)
    keep = f"void bgsync.settled('{item}').then(result => window.kept = result)"
    for page in (tab, other):
        page.evaluate(keep)
    await_states(other, {TEXT: "queued"})
    down.lift()
    results = [page.wait_for("window.kept") for page in (tab, other)]
    results.append(open_posts(engine, proxy.url).evaluate(f"bgsync.settled('{item}')"))
    assert [(result["status"], result["result"]) for result in results] == [("applied", {"id": item})] * 3
    assert proxy.seen("GET", "/bgsync/v1/items/") == []  # the device knows: nobody had to ask the server
    assert_applied_once(site, [TEXT])
