"""Background Sync in this Chromium behaves as the tests behind it assume."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page

from . import faults
from .engines.chromium import Chromium
from .proxy import Proxy
from .stub_site import StubSite
from .switches import INSECURE_HOST
from .sync_log import SyncLog
from .waiting import wait_until

REGISTER = "window.ready.then(registration => registration.sync.register('letter'))"


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


def test_sync_event_fires(stub: StubSite, proxy: Proxy, page: Page, sync_log: SyncLog) -> None:
    """A registered tag reaches the worker at once, and the browser reports its completion."""
    page.goto(proxy.url)
    page.evaluate(REGISTER)
    sync_log.wait_for("sync completed", "letter")
    assert stub.received == ["letter"]


def test_offline_holds_the_sync(stub: StubSite, proxy: Proxy, context: BrowserContext, page: Page) -> None:
    """Offline emulation holds a sync, even when its page is closed; being online again fires it once."""
    page.goto(proxy.url)
    page.evaluate("window.ready.then(() => 0)")
    context.set_offline(True)
    page.evaluate(REGISTER)
    assert page.evaluate("window.ready.then(r => r.sync.getTags())") == ["letter"]
    page.close()
    assert stub.received == []
    context.set_offline(False)
    wait_until(lambda: stub.received == ["letter"], because="the sync fired")


def test_failed_sync_is_tried_again_soon(stub: StubSite, proxy: Proxy, page: Page, sync_log: SyncLog) -> None:
    """The retry timer is a second, and goes on with no page open."""
    rule = proxy.on("POST", "/sink/", faults.answer(faults.server_error))
    page.goto(proxy.url)
    page.evaluate(REGISTER)
    page.close()
    sync_log.wait_for("sync event failed", "letter", times=3)
    rule.lift()
    sync_log.wait_for("sync completed", "letter")
    assert stub.received == ["letter"]


def test_reused_connection_sends_a_post_twice(stub: StubSite, page: Page) -> None:
    """On a reused connection Chromium repeats a POST whose answer is lost, and the page sees one 200."""
    proxy = Proxy(stub.server_port, keep_alive=True)
    proxy.start()
    page.goto(proxy.url)
    page.evaluate("window.ready.then(() => fetch('/').then(answer => answer.text()))")
    proxy.on("POST", "/sink/", faults.swallow, times=1)
    status = page.evaluate("fetch('/sink/', {method: 'POST', body: 'once'}).then(answer => answer.status)")
    proxy.stop()
    assert (status, stub.received) == (200, ["once", "once"])


def test_insecure_host_has_no_workers(proxy: Proxy, page: Page) -> None:
    """A page of the insecure host lacks what only secure contexts have."""
    page.goto(proxy.url.replace("127.0.0.1", INSECURE_HOST))
    missing = ["navigator.serviceWorker", "navigator.locks", "crypto.randomUUID", "window.cookieStore"]
    assert [page.evaluate(f"typeof {name}") for name in missing] == ["undefined"] * len(missing)


def test_granting_something_else_denies_sync(proxy: Proxy, context: BrowserContext, page: Page) -> None:
    """DevTools takes a list of permissions as the whole list."""
    context.grant_permissions(["notifications"])
    page.goto(proxy.url)
    assert page.evaluate(f"{REGISTER}.catch(error => error.name)") == "NotAllowedError"


def test_killed_worker_fires_again(stub: StubSite, proxy: Proxy, chromium: Chromium) -> None:
    """A worker stopped while its request hangs has failed its sync event, which comes back."""
    rule = proxy.on("POST", "/sink/", faults.hang)
    tab = chromium.open()
    tab.goto(proxy.url)
    tab.evaluate(REGISTER)
    wait_until(lambda: rule.hits, because="the worker's request hangs")
    tab.close()
    rule.lift()
    chromium.open().stop_workers()
    wait_until(lambda: stub.received == ["letter"], because="the sync fired again")


def test_pending_sync_survives_a_killed_browser(stub: StubSite, proxy: Proxy, chromium: Chromium) -> None:
    """A browser killed with a sync pending fires it after its next start, with no page opened."""
    rule = proxy.on("POST", "/sink/", faults.drop)
    tab = chromium.open()
    tab.goto(proxy.url)
    tab.evaluate(REGISTER)
    wait_until(lambda: rule.hits, because="the first try fails")
    chromium.kill()
    rule.lift()
    chromium.start()
    wait_until(lambda: stub.received == ["letter"], because="the sync fired after the start")
