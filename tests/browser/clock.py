"""A device whose clock is wrong: every script that comes through the proxy sees another `Date`.

A wrong clock for the whole process (libfaketime) would be truer, but Firefox does not start under it. What page and
worker know of time they know from `Date`; IndexedDB, timers and the network do not ask the clock.
"""

from __future__ import annotations

from .proxy import Exchange, Fault, Rule
from .proxy import Proxy as Network

SHIM = """if (!self.wrongClock) {
    self.wrongClock = true;
    const now = Date.now.bind(Date);
    self.Date = new Proxy(Date, {
        construct: (real, given, target) => Reflect.construct(real, given.length ? given : [now() + %(off)d], target),
        apply: (real) => new real(now() + %(off)d).toString(),
        get: (real, name) => (name === "now" ? () => now() + %(off)d : real[name]),
    });
}
"""


def wrong_clock(network: Network, milliseconds: int) -> Rule:
    """Put the clock of every page and worker that is loaded from now on wrong. Lift the rule to put it right."""
    return network.on("GET", "/", with_shim((SHIM % {"off": milliseconds}).encode()))


def with_shim(shim: bytes) -> Fault:
    async def shimmed(exchange: Exchange) -> None:
        headers = exchange.request.headers  # a whole script is wanted, not "304 Not Modified", and not compressed
        exchange.request.headers = [(k, v) for k, v in headers if k.lower() not in UNWANTED]
        response = await exchange.forward()
        if "javascript" in (response.header("Content-Type") or ""):
            response.body = shim + response.body
            kept = [(k, v) for k, v in response.headers if k.lower() not in ("cache-control", "etag", "last-modified")]
            response.headers = [*kept, ("Cache-Control", "no-store")]
        await exchange.reply(response)

    return shimmed


UNWANTED = {"if-none-match", "if-modified-since", "accept-encoding"}
