"""A proxy between browser and site that misbehaves on demand and remembers everything."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from .ports import free_port
from .wire import Request, Response, read_request, read_response, reset

# Turns of the loop after which what was accepted is being served, and what was closed is gone.
TURNS = 10

Fault = Callable[["Exchange"], Awaitable[None]]


@dataclass(eq=False)
class Exchange:
    """One request as the browser sent it, and what became of it."""

    request: Request
    client: asyncio.StreamWriter = field(repr=False)
    origin: tuple[str, int] = field(repr=False)
    keep_alive: bool = field(repr=False)
    at: float = field(default_factory=time.monotonic)
    answered_by_site: Response | None = None
    ended: bool = False

    async def forward(self) -> Response:
        """Hand the request to the site and wait for its whole answer."""
        reader, writer = await connect(self.origin)
        try:
            writer.write(self.request.encode(keep_alive=False))
            self.answered_by_site = await read_response(reader)
        finally:
            writer.close()
        return self.answered_by_site

    async def reply(self, response: Response) -> None:
        await self.send(response.encode(keep_alive=self.keep_alive))

    async def send(self, data: bytes) -> None:
        self.client.write(data)  # one write: two would wait for each other (Nagle, delayed ACK)
        await self.client.drain()

    def reset(self) -> None:
        """End the connection the hard way (RST)."""
        reset(self.client)

    def close(self) -> None:
        """End the connection the polite way (FIN)."""
        self.client.close()


@dataclass(eq=False)
class Rule:
    """A fault for the requests that match, `times` of them or until it is lifted."""

    method: str
    path: str
    fault: Fault
    times: float = float("inf")
    hits: list[Exchange] = field(default_factory=list)

    def matches(self, request: Request) -> bool:
        return len(self.hits) < self.times and request.method == self.method and request.path.startswith(self.path)

    def lift(self) -> None:
        """Let later requests through; exchanges already caught in the fault stay there."""
        self.times = 0


class Proxy:
    """Listens on one port of 127.0.0.1 for a whole test, in a thread of its own.

    Each request goes on a connection of its own, unless `keep_alive`: on a reused connection
    Chromium re-sends a POST by itself when the connection breaks, which hides the fault.
    """

    def __init__(self, origin_port: int, *, keep_alive: bool = False) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.exchanges: list[Exchange] = []
        self._origin = ("127.0.0.1", origin_port)
        self._keep_alive = keep_alive
        self._rules: list[Rule] = []
        self.loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self.loop.run_forever, name="proxy", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", self.port))

    def stop(self) -> None:
        self._run(self.shut_down())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def on(self, method: str, path: str, fault: Fault, *, times: float = float("inf")) -> Rule:
        """Treat requests of `method` whose path starts with `path` with `fault` from now on; the newest rule wins."""
        rule = Rule(method, path, fault, times)
        self._rules.insert(0, rule)
        return rule

    def clear(self) -> None:
        """Lift every rule."""
        for rule in self._rules:
            rule.lift()

    def seen(self, method: str, path: str) -> list[Exchange]:
        """The exchanges so far whose path starts with `path`, oldest first."""
        return [e for e in list(self.exchanges) if e.request.method == method and e.request.path.startswith(path)]

    def deliveries(self) -> list[Exchange]:
        return self.seen("POST", "/bgsync/v1/deliveries/")

    def items_sent(self) -> list[str]:
        """The id of every item in every delivery that reached this proxy, repeats included."""
        return [item["id"] for exchange in self.deliveries() for item in envelope(exchange)["items"]]

    def answers(self, *, after: int = 0) -> list[Any]:
        """What the site answered to deliveries, from the one numbered `after` on, whether or not it arrived."""
        return [e.answered_by_site.json() for e in self.deliveries()[after:] if e.answered_by_site]

    def contexts(self) -> set[str]:
        """Where the deliveries so far were sent from: "page", "worker"."""
        return {envelope(exchange)["context"] for exchange in self.deliveries()}

    def callers(self) -> set[str]:
        """Where requests to the API came from so far, questions for the session included."""
        # What a worker fetches is referred by its script.
        return {"worker" if (e.request.header("Referer") or "").endswith("sw.js") else "page" for e in self.asked()}

    def asked(self) -> list[Exchange]:
        """The requests to the API so far, questions for the session included."""
        return [e for e in list(self.exchanges) if e.request.path.startswith("/bgsync/v1/")]

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    async def shut_down(self) -> None:
        """Close everything, in the proxy's own loop."""
        for listening in self._server.sockets:
            self.loop.remove_reader(listening.fileno())  # a closed server drops, open, what it has accepted just before
        for _ in range(TURNS):
            await asyncio.sleep(0)
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for exchange in self.exchanges:
            exchange.client.transport.abort()  # closed or not, a browser may not have read all of its answer
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        # Browser or site may hang up at any moment: that is an outcome here, not an error.
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
            while await self._serve_one(reader, writer) and self._keep_alive:
                pass
        writer.close()
        self._connections.discard(task)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await read_request(reader)
        exchange = Exchange(request, writer, self._origin, self._keep_alive)
        self.exchanges.append(exchange)
        rule = next((rule for rule in self._rules if rule.matches(request)), None)
        if rule:
            rule.hits.append(exchange)
        try:
            await (rule.fault if rule else pass_on)(exchange)
        finally:
            exchange.ended = True
        return not writer.is_closing()


async def connect(address: tuple[str, int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection; one that is cancelled while it is being made leaves nothing open."""
    opening = asyncio.ensure_future(asyncio.open_connection(*address))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        (await opening)[1].close()
        raise


async def pass_on(exchange: Exchange) -> None:
    """What the proxy does when no rule matches; a site that is down resets the connection."""
    try:
        response = await exchange.forward()
    except (OSError, EOFError):
        return exchange.reset()
    await exchange.reply(response)


def envelope(exchange: Exchange) -> dict[str, Any]:
    """The delivery that the browser sent in this exchange."""
    return json.loads(exchange.request.body)
