"""In a lane nothing overtakes, whatever breaks; lanes do not wait for each other."""

from __future__ import annotations

from . import faults
from .arrival import assert_applied_once
from .engines.page import Page
from .person import await_states, enqueue, flush, flush_until_empty
from .proxy import Proxy, envelope
from .site import Site

BREAKS = [faults.drop, faults.swallow, faults.answer(faults.bad_gateway), faults.cut, faults.truncate]


def test_order_of_a_lane(site: Site, proxy: Proxy, tab: Page) -> None:
    """However deliveries break while more is written, the site applies a lane in the order of writing."""
    texts = [f"step {number}" for number in range(10)]
    for number, text in enumerate(texts):
        if number < len(BREAKS):
            proxy.on("POST", "/bgsync/v1/deliveries/", BREAKS[number], times=1)
        enqueue(tab, text, lane="order 7")
    flush_until_empty(tab)
    assert site.texts() == texts
    assert_applied_once(site, texts)


def test_refused_item_does_not_hold_its_lane(site: Site, tab: Page) -> None:
    """What the site refuses is parked, and what was written behind it goes on."""
    for text in ("before", "spam in the middle", "behind"):
        enqueue(tab, text, lane="order 7")
    await_states(tab, {"spam in the middle": "parked"})
    assert site.texts() == ["before", "behind"]


def test_later_item_names_the_one_before(site: Site, proxy: Proxy, tab: Page) -> None:
    """An item of a lane says after which one it comes, as long as this device has not seen that one finished."""
    down = proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    ids = [enqueue(tab, text, lane="order 7") for text in ("one", "two", "three")]
    flush(tab)
    down.lift()
    await_states(tab, {})
    (items,) = [envelope(e)["items"] for e in proxy.deliveries() if e.answered_by_site]
    assert [(item["id"], item["after"]) for item in items] == [(ids[0], None), (ids[1], ids[0]), (ids[2], ids[1])]
    assert site.texts() == ["one", "two", "three"]
