"""What can go wrong between a browser and its site, one function each.

A fault is given to `Proxy.on`. It decides whether the site sees the request and what the browser
gets for an answer.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from .proxy import Exchange, Fault, pass_on
from .wire import Response


async def drop(exchange: Exchange) -> None:
    """The connection breaks and the site never sees the request."""
    exchange.reset()


async def swallow(exchange: Exchange) -> None:
    """The site has done its work and answered; the connection breaks before a byte of it arrives."""
    await exchange.forward()
    exchange.reset()


async def swallow_politely(exchange: Exchange) -> None:
    """As `swallow`, with FIN in place of RST."""
    await exchange.forward()
    exchange.close()


async def cut(exchange: Exchange) -> None:
    """The connection breaks in the middle of the answer's body."""
    answer = (await exchange.forward()).encode(keep_alive=False)
    head = answer.index(b"\r\n\r\n") + 4
    await exchange.send(answer[: (head + len(answer)) // 2])
    exchange.close()


async def truncate(exchange: Exchange) -> None:
    """A complete answer with the site's own status and headers, but half of its body."""
    answer = await exchange.forward()
    await exchange.reply(Response(answer.start_line, answer.headers, answer.body[: len(answer.body) // 2]))


async def hang(exchange: Exchange) -> None:
    """Neither side hears from the other again."""
    await asyncio.Event().wait()


def hold_until(cut: threading.Event) -> Fault:
    """Neither side hears from the other, until the connection breaks: the site never sees the request."""

    async def held(exchange: Exchange) -> None:
        while not cut.is_set():
            await asyncio.sleep(0.01)
        exchange.reset()

    return held


async def hang_after_commit(exchange: Exchange) -> None:
    """The site has done its work and answered; the browser goes on waiting."""
    await exchange.forward()
    await asyncio.Event().wait()


def late(go: threading.Event) -> Fault:
    """A slow network: the request reaches the site when it may."""

    async def held(exchange: Exchange) -> None:
        while not go.is_set():
            await asyncio.sleep(0.01)
        await pass_on(exchange)

    return held


def delay(seconds: float) -> Fault:
    """A slow network: the request reaches the site late."""

    async def delayed(exchange: Exchange) -> None:
        await asyncio.sleep(seconds)
        await pass_on(exchange)

    return delayed


def answer(make: Callable[[], Response]) -> Fault:
    """Something else answers in the site's place, and the site never sees the request."""

    async def answered(exchange: Exchange) -> None:
        await exchange.reply(make())

    return answered


def server_error() -> Response:
    return Response.make(500, "<h1>Server Error (500)</h1>")


def login_redirect() -> Response:
    return Response.make(302, Location="/accounts/login/?next=/bgsync/v1/deliveries/")


def captive_portal() -> Response:
    return Response.make(200, "<!doctype html><title>Airport Wi-Fi</title><form>Accept our terms</form>")


def captive_portal_json() -> Response:
    """A portal, or another application, that answers valid JSON of its own."""
    return Response.make(200, '{"status": "ok", "results": []}', "application/json")


def truncated_verdict() -> Response:
    """The site's own kind of answer, and every word of it missing but the first."""
    return Response.make(200, '{"bgsync": 1, "delivery": "01', "application/json", X_BGSync="1")


def bad_gateway() -> Response:
    return Response.make(502, "<h1>502 Bad Gateway</h1>")


def service_unavailable() -> Response:
    """A load balancer without a server behind it, which asks for no patience."""
    return Response.make(503, "<h1>503 Service Unavailable</h1>")
