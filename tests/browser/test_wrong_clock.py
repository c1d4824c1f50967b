"""The device's clock is three years wrong, and is put right later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from . import faults
from .arrival import assert_applied_once
from .clock import wrong_clock
from .engines.page import Browser
from .person import await_states, await_worker, enqueue, flush, sign_in
from .proxy import Proxy
from .site import Site

# Page and worker are one device: the worker has the right clock when it has been loaded again.
UPDATE_WORKER = "navigator.serviceWorker.getRegistration().then(registration => registration.update()).then(() => 0)"
HAS_NEW_WORKER = """navigator.serviceWorker.getRegistration().then(
    ({installing, waiting, active}) => !installing && !waiting && active.state === "activated")"""
THREE_YEARS = 3 * 365 * 86_400_000


@pytest.mark.parametrize("off", [THREE_YEARS, -THREE_YEARS], ids=["ahead", "behind"])
def test_every_item_arrives_once(site: Site, proxy: Proxy, engine: Browser, off: int) -> None:
    """Sent with the wrong clock, or written with it and sent with the right one: all arrive, in order."""
    wrong = wrong_clock(proxy, off)
    tab = engine.open()
    sign_in(tab, proxy.url)
    await_worker(tab)
    assert abs(tab.evaluate("Date.now()") - now() - off) < 600_000

    enqueue(tab, "sent with the wrong clock")
    await_states(tab, {})
    down = [proxy.on(method, "/bgsync/v1/", faults.drop) for method in ("GET", "POST")]
    enqueue(tab, "written with the wrong clock", lane="diary")
    for _ in range(3):
        flush(tab)  # each failure sets the next try to a time that is three years off
    await_states(tab, {"written with the wrong clock": "queued"})

    wrong.lift()
    tab.reload()
    tab.evaluate(UPDATE_WORKER)
    tab.wait_for(HAS_NEW_WORKER)
    assert abs(tab.evaluate("Date.now()") - now()) < 600_000
    enqueue(tab, "written with the right clock", lane="diary")
    flush(tab)
    for rule in down:
        rule.lift()
    await_states(tab, {}, timeout=60)  # by itself, and soon: its waits are no longer those of the wrong clock
    assert site.texts() == ["sent with the wrong clock", "written with the wrong clock", "written with the right clock"]
    assert_applied_once(site, site.texts())
    for item in site.items():
        written = datetime.fromisoformat(item["created_at"]).replace(tzinfo=UTC)
        assert abs(written - datetime.now(UTC)) < timedelta(minutes=10), item


def now() -> float:
    return datetime.now(UTC).timestamp() * 1000
