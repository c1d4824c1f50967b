"""The proxy does what its faults say, so that the tests behind it prove what they claim."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings
from collections.abc import Iterator

import pytest
import requests

from . import faults
from .ports import free_port
from .proxy import Fault, Proxy
from .stub_site import StubSite
from .waiting import wait_until


@pytest.fixture
def stub() -> Iterator[StubSite]:
    with StubSite() as stub:
        yield stub


@pytest.fixture
def proxy(stub: StubSite) -> Iterator[Proxy]:
    proxy = Proxy(stub.server_port)
    proxy.start()
    yield proxy
    proxy.stop()


def post(proxy: Proxy, body: str = "x") -> requests.Response:
    return requests.post(f"{proxy.url}/sink/", data=body, timeout=2, allow_redirects=False)


def test_lets_through_and_remembers(stub: StubSite, proxy: Proxy) -> None:
    """Without a rule the browser gets the site's answer, and the exchange is on record."""
    assert post(proxy, "hello").json() == {"received": "hello"}
    (exchange,) = proxy.seen("POST", "/sink/")
    assert (exchange.request.body, exchange.answered_by_site.status) == (b"hello", 200)


@pytest.mark.parametrize(
    ("fault", "received"),
    [(faults.drop, []), (faults.swallow, ["x"]), (faults.swallow_politely, ["x"]), (faults.cut, ["x"])],
)
def test_breaks_connections(stub: StubSite, proxy: Proxy, fault: Fault, received: list[str]) -> None:
    """A broken connection is an error in the browser, whether or not the site saw the request."""
    proxy.on("POST", "/sink/", fault)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        post(proxy)
    assert stub.received == received


@pytest.mark.parametrize(("fault", "received"), [(faults.hang, []), (faults.hang_after_commit, ["x"])])
def test_hangs(stub: StubSite, proxy: Proxy, fault: Fault, received: list[str]) -> None:
    """A hanging request gets no answer at all."""
    proxy.on("POST", "/sink/", fault)
    with pytest.raises(requests.ReadTimeout):
        requests.post(f"{proxy.url}/sink/", data="x", timeout=0.3)
    assert stub.received == received


def test_truncates_json(stub: StubSite, proxy: Proxy) -> None:
    """A truncated answer is whole for HTTP and broken for JSON."""
    proxy.on("POST", "/sink/", faults.truncate)
    answer = post(proxy)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.text == '{"receiv'


@pytest.mark.parametrize(
    ("make", "status"),
    [(faults.server_error, 500), (faults.login_redirect, 302), (faults.captive_portal, 200), (faults.bad_gateway, 502)],
)
def test_answers_in_the_sites_place(stub: StubSite, proxy: Proxy, make, status: int) -> None:
    """A portal's or a broken server's answer arrives, and the site knows nothing of it."""
    proxy.on("POST", "/sink/", faults.answer(make))
    assert post(proxy).status_code == status
    assert stub.received == []


def test_delays(stub: StubSite, proxy: Proxy) -> None:
    """A delayed request reaches the site late, and is answered."""
    proxy.on("POST", "/sink/", faults.delay(0.2))
    assert post(proxy).elapsed.total_seconds() > 0.2


def test_a_rule_holds_for_so_many_requests(stub: StubSite, proxy: Proxy) -> None:
    """A rule for one request of one method and path leaves the next, and all others, alone."""
    rule = proxy.on("POST", "/sink/", faults.answer(faults.server_error), times=1)
    assert requests.get(f"{proxy.url}/sink/", timeout=2).status_code == 200
    assert [post(proxy).status_code, post(proxy).status_code] == [500, 200]
    assert len(rule.hits) == 1


def test_a_lifted_rule_is_over(stub: StubSite, proxy: Proxy) -> None:
    """After `lift` everything passes again."""
    rule = proxy.on("POST", "/sink/", faults.drop)
    rule.lift()
    assert post(proxy).status_code == 200


def test_keeps_connections_when_asked(stub: StubSite) -> None:
    """With `keep_alive` two requests share a connection, without it they never do."""
    proxy = Proxy(stub.server_port, keep_alive=True)
    proxy.start()
    with requests.Session() as session:
        for _ in range(2):
            session.post(f"{proxy.url}/sink/", data="x", timeout=2)
    clients = {exchange.client for exchange in proxy.exchanges}
    proxy.stop()
    assert len(clients) == 1


def test_a_site_that_is_down_looks_down(stub: StubSite, proxy: Proxy) -> None:
    """Behind the proxy a stopped site is a broken connection, not an answer of the proxy's."""
    stub.shutdown()
    stub.server_close()
    with pytest.raises(requests.ConnectionError):
        post(proxy)
    wait_until(lambda: proxy.exchanges[0].ended, because="the exchange has ended")


@pytest.mark.parametrize("turns", range(5))
def test_stops_while_a_browser_arrives(stub: StubSite, turns: int) -> None:
    """However far its connection has come by then, it is closed, and no later test finds it open."""
    proxy = Proxy(stub.server_port)
    proxy.start()

    async def arrive_and_stop(browser: socket.socket) -> None:
        browser.connect(("127.0.0.1", proxy.port))
        for _ in range(turns):
            await asyncio.sleep(0)
        await proxy.shut_down()

    with warnings.catch_warnings(record=True) as complaints, socket.socket() as browser:
        warnings.simplefilter("always", ResourceWarning)
        asyncio.run_coroutine_threadsafe(arrive_and_stop(browser), proxy.loop).result(10)
        proxy.stop()
        del arrive_and_stop
        gc.collect()
    assert [str(complaint.message) for complaint in complaints] == []


def test_no_origin_comes_again() -> None:
    """Browsers are shared: what one test has left at an origin must not meet another one."""
    ports = [free_port() for _ in range(500)]
    assert len(set(ports)) == len(ports)
