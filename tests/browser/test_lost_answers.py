"""The server has applied an item, and the browser never learns of it the first time."""

from __future__ import annotations

from . import faults
from .arrival import assert_applied_once
from .engines.gaps import REPEATS, can
from .engines.page import Browser, Page
from .person import await_states, enqueue, flush, sign_in
from .proxy import Exchange, Proxy
from .site import Site
from .waiting import wait_until

WAYS = [faults.swallow, faults.swallow_politely, faults.cut, faults.truncate]


def replayed(exchange: Exchange) -> list[bool]:
    """What the site said of each item of a delivery: had it been seen before?"""
    assert exchange.answered_by_site is not None
    return [result["replayed"] for result in exchange.answered_by_site.json()["results"]]


def test_answer_is_lost(site: Site, proxy: Proxy, tab: Page) -> None:
    """However the answer is lost, the replay is answered `replayed: true`, and there is still one row."""
    for number, lose in enumerate(WAYS, start=1):
        proxy.on("POST", "/bgsync/v1/deliveries/", lose, times=1)
        enqueue(tab, lose.__name__)
        wait_until(lambda n=number: len(site.posts()) == n, because=f"the site has applied it before {lose.__name__}")
        flush(tab)
        await_states(tab, {})
        assert [replayed(exchange) for exchange in proxy.deliveries()[-2:]] == [[False], [True]], lose.__name__
    assert len(set(proxy.items_sent())) == len(WAYS)
    assert_applied_once(site, [lose.__name__ for lose in WAYS])


def test_browser_repeats_the_request_by_itself(site: Site, engine: Browser) -> None:
    """On a reused connection a browser sends the POST again unasked; the copy finds the first one's row."""
    proxy = Proxy(site.port, keep_alive=True)
    proxy.start()
    tab = engine.open()
    sign_in(tab, proxy.url)
    proxy.on("POST", "/bgsync/v1/deliveries/", faults.swallow, times=1)
    enqueue(tab, "twice on the wire")
    await_states(tab, {})
    proxy.stop()
    assert [replayed(exchange) for exchange in proxy.deliveries()] == [[False], [True]]
    sent = [exchange.request.body for exchange in proxy.deliveries()]
    assert (sent[0] == sent[1]) == can(engine.name, REPEATS)
    assert_applied_once(site, ["twice on the wire"])
