"""Something between browser and site answers in its place: nothing is believed, nothing is lost."""

from __future__ import annotations

from . import faults
from .arrival import assert_applied_once
from .engines.page import Page
from .person import await_states, await_worker, enqueue, flush, shown
from .proxy import Proxy
from .site import Site
from .waiting import wait_until

TEXTS = ["one in the outbox", "two in the outbox"]
STRANGERS = [
    faults.server_error,
    faults.bad_gateway,
    faults.service_unavailable,
    faults.login_redirect,
    faults.captive_portal,
    faults.captive_portal_json,
    faults.truncated_verdict,
]


def test_items_stay_and_arrive_later(site: Site, proxy: Proxy, tab: Page) -> None:
    """Whoever answers to page and worker, the items wait, are shown so, and arrive when it is over."""
    await_worker(tab)
    rules = [proxy.on(method, "/bgsync/v1/", faults.answer(STRANGERS[0])) for method in ("GET", "POST")]
    for text in TEXTS:
        enqueue(tab, text)
    for stranger in STRANGERS:
        for rule in rules:
            rule.fault = faults.answer(stranger)
        heard = len(proxy.asked())
        flush(tab)
        wait_until(lambda heard=heard: len(proxy.asked()) > heard, because=f"{stranger.__name__} has been heard")
        await_states(tab, dict.fromkeys(TEXTS, "queued"))
        assert {shown(tab, text) for text in TEXTS} == {"pending"}, stranger.__name__
    assert site.items() == []
    proxy.clear()
    await_states(tab, {})
    wait_until(lambda: {shown(tab, text) for text in TEXTS} == {"sent"}, because="the page shows them as sent")
    assert_applied_once(site, TEXTS)
