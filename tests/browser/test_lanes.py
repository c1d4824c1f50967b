"""In a lane nothing overtakes, whatever breaks; lanes do not wait for each other."""

from __future__ import annotations

from . import faults
from .arrival import assert_applied_once
from .engines.page import Page
from .person import await_states, enqueue, flush, flush_until_empty, states
from .proxy import Proxy, envelope
from .site import Site
from .waiting import wait_until

BREAKS = [faults.drop, faults.swallow, faults.answer(faults.bad_gateway), faults.cut, faults.truncate]


def test_order_of_a_lane(site: Site, proxy: Proxy, tab: Page) -> None:
    """However a delivery breaks, what is written next does not overtake what has to be sent again."""
    texts = []
    for number, fault in enumerate(BREAKS):
        broken = proxy.on("POST", "/bgsync/v1/deliveries/", fault)
        texts.append(f"step {2 * number}")
        enqueue(tab, texts[-1], lane="order 7")
        flush(tab)
        # a worker that is about to end its flush has this one done in its stead
        wait_until(lambda b=broken: b.hits, because="its delivery has broken")
        broken.lift()
        asked = len(proxy.seen("GET", "/bgsync/v1/session/"))
        texts.append(f"step {2 * number + 1}")
        enqueue(tab, texts[-1], lane="order 7")
        wait_until(
            lambda n=asked: len(proxy.seen("GET", "/bgsync/v1/session/")) > n or not states(tab),
            because="its flush has begun, or a worker's is over",
        )
        flush_until_empty(tab)
    assert site.texts() == texts
    assert_applied_once(site, texts)


def test_refused_item_does_not_hold_its_lane(site: Site, tab: Page) -> None:
    """What the site refuses is parked; what was written behind it goes on, and so does what is written later."""
    for text in ("before", "spam in the middle", "behind"):
        enqueue(tab, text, lane="order 7")
    await_states(tab, {"spam in the middle": "parked"})
    enqueue(tab, "later", lane="order 7")
    await_states(tab, {"spam in the middle": "parked"})
    assert site.texts() == ["before", "behind", "later"]


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
