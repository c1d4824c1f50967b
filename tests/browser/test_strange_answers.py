"""Something between browser and site answers in its place: nothing is believed, nothing is lost."""

from __future__ import annotations

from itertools import product

from . import faults
from .arrival import assert_applied_once
from .engines.page import Page
from .person import await_states, await_worker, enqueue, flush, shown
from .proxy import Proxy, pass_on
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
    """Whoever answers to page and worker, the items wait, are shown so, and arrive when it is over.

    To everything, or to deliveries alone: where the question whose session it is fails, nothing is sent at all.
    """
    await_worker(tab)
    session = proxy.on("GET", "/bgsync/v1/", faults.answer(STRANGERS[0]))
    deliveries = proxy.on("POST", "/bgsync/v1/", faults.answer(STRANGERS[0]))
    for text in TEXTS:
        enqueue(tab, text)
    for stranger, is_everywhere in product(STRANGERS, (True, False)):
        deliveries.fault = faults.answer(stranger)
        session.fault = faults.answer(stranger) if is_everywhere else pass_on
        asked = session.hits if is_everywhere else deliveries.hits
        heard = len(asked)
        flush(tab)
        wait_until(lambda asked=asked, heard=heard: len(asked) > heard, because=f"{stranger.__name__} has been heard")
        await_states(tab, dict.fromkeys(TEXTS, "queued"))
        assert {shown(tab, text) for text in TEXTS} == {"pending"}, stranger.__name__
    assert site.items() == []
    proxy.clear()
    await_states(tab, {})
    wait_until(lambda: {shown(tab, text) for text in TEXTS} == {"sent"}, because="the page shows them as sent")
    assert_applied_once(site, TEXTS)
