"""What is written reaches the site, at once or later, in every engine."""

from __future__ import annotations

import threading

from . import faults
from .arrival import assert_applied_once, await_posts
from .engines.gaps import BACKGROUND_SYNC, can
from .engines.page import Browser, Page
from .idle import await_idle, watch
from .person import await_states, enqueue, flush, open_posts, shown, states, visit
from .proxy import Proxy, envelope
from .site import Site
from .waiting import wait_until

WRITE = """(() => {
    document.querySelector("#post-form [name=text]").value = "from the form";
    document.querySelector("#post-form").requestSubmit();
})()"""


def test_at_once(site: Site, proxy: Proxy, tab: Page) -> None:
    """With the site up, a post written in the form is sent and shown as sent."""
    tab.evaluate(WRITE)
    wait_until(lambda: shown(tab, "from the form") == "sent", because="the page shows it as sent")
    await_states(tab, {})
    assert envelope(proxy.deliveries()[-1])["trigger"] in ("enqueue", "sync")  # not the timer's, which comes later
    assert_applied_once(site, ["from the form"])


def test_later_by_itself(site: Site, proxy: Proxy, tab: Page) -> None:
    """With the site out of reach the page waits, and tries again untouched by anybody."""
    down = proxy.on("POST", "/bgsync/", faults.drop)
    for text in ("one", "two"):
        enqueue(tab, text)
    flush(tab)
    await_states(tab, {"one": "queued", "two": "queued"})
    assert site.items() == []
    down.lift()
    await_states(tab, {})
    assert envelope(proxy.deliveries()[-1])["trigger"] in ("timer", "sync")
    assert_applied_once(site, ["one", "two"])


def test_back_online(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """The `online` event is a reason to try at once; where there is background sync, the worker may be first."""
    down = proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    tab.set_offline(True)
    enqueue(tab, "from the lift")
    flush(tab)
    await_states(tab, {"from the lift": "queued"})
    tab.set_offline(False)
    reasons = {"online", "sync"} if can(engine.name, BACKGROUND_SYNC) else {"online"}
    wait_until(lambda: reasons & {envelope(e)["trigger"] for e in proxy.deliveries()}, because=f"a try for {reasons}")
    down.lift()
    await_states(tab, {})
    assert_applied_once(site, ["from the lift"])


def test_next_visit(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """What a page could not send before it was closed the next one tries to send as soon as it is open."""
    bystander = watch(engine.open(), proxy.url)
    down = [proxy.on(method, "/bgsync/", faults.drop) for method in ("GET", "POST")]
    enqueue(tab, "left behind")
    flush(tab)
    tab.close()
    await_idle(bystander)  # the worker may try once when the page has gone
    down[0].lift()
    tab = visit(engine, proxy.url)
    reasons = {"load", "sync"} if can(engine.name, BACKGROUND_SYNC) else {"load"}
    wait_until(lambda: reasons & {envelope(e)["trigger"] for e in proxy.deliveries()}, because=f"a try for {reasons}")
    down[1].lift()
    await_posts(site, ["left behind"])
    await_states(tab, {})
    assert_applied_once(site, ["left behind"])


def test_slow_network(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """While a delivery is on its way the item is `sending`, and nobody sends it a second time, in no tab."""
    go = threading.Event()
    slow = proxy.on("POST", "/bgsync/v1/deliveries/", faults.late(go))
    enqueue(tab, "through molasses")
    wait_until(lambda: slow.hits, because="it is on its way")
    assert states(tab) == {"through molasses": "sending"}
    other = open_posts(engine, proxy.url)
    assert states(other) == {"through molasses": "sending"}
    go.set()
    await_states(tab, {})
    assert len(proxy.items_sent()) == 1
    assert_applied_once(site, ["through molasses"])
