"""The part of the page script that talks to the server is loaded apart: while it cannot be had, nothing is lost."""

from __future__ import annotations

import pytest

from . import faults
from .arrival import assert_applied_once
from .engines.page import Browser
from .person import await_states, enqueue, flush, sign_in
from .proxy import Exchange, Fault, Proxy
from .site import Site
from .wire import Response

ENGINE = "/static/django_bgsync/bgsync-engine."
POLICIES = {
    "own origin": "default-src 'self'",
    "nonce": "script-src 'nonce-r4nd0m'; worker-src 'self'",
    "strict-dynamic": "script-src 'nonce-r4nd0m' 'strict-dynamic'; worker-src 'self'",
}


def gone() -> Response:
    return Response.make(404, "<h1>Not Found</h1>")


@pytest.mark.parametrize("fault", [faults.drop, faults.answer(gone)], ids=["cut off", "gone after a deployment"])
def test_is_loaded_later(site: Site, proxy: Proxy, engine: Browser, fault: Fault) -> None:
    """The page keeps what is written, says how things stand, and the next trigger fetches the part anew."""
    proxy.on("GET", ENGINE, fault)
    proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    tab = engine.open()
    sign_in(tab, proxy.url)
    item = enqueue(tab, "kept")
    flush(tab)
    await_states(tab, {"kept": "queued"})
    assert tab.evaluate(f"bgsync.get({item!r}).then(item => item.payload.text)") == "kept"
    assert tab.evaluate("bgsync.counts().then(counts => counts.pending)") == 1
    tab.wait_for("bgsync.connection === 'unreachable'")  # a worker that is woken may reach the server in between
    assert "page" not in proxy.callers()
    proxy.clear()
    flush(tab)
    await_states(tab, {})
    assert tab.evaluate("bgsync.connection") == "online"
    assert "page" in proxy.callers()
    assert_applied_once(site, ["kept"])


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES.keys())
def test_under_a_content_security_policy(proxy: Proxy, engine: Browser, policy: str) -> None:
    """A strict policy lets it through without a word about it: it comes from where the page script comes from."""
    proxy.on("GET", "/accounts/login/", restricted(policy))
    tab = engine.open()
    tab.goto(f"{proxy.url}/accounts/login/")
    flush(tab)
    assert proxy.seen("GET", ENGINE)
    assert "page" in proxy.callers()


def restricted(policy: str) -> Fault:
    """The site's own page, under this policy, its scripts with the nonce."""

    async def answered(exchange: Exchange) -> None:
        page = await exchange.forward()
        body = page.body.replace(b"<script", b'<script nonce="r4nd0m"')
        await exchange.reply(Response(page.start_line, [*page.headers, ("Content-Security-Policy", policy)], body))

    return answered
