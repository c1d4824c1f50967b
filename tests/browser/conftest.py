"""The example served for real, a proxy that can fail, and Chromium in front of both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .cdp import Chromium
from .chromium import ensure
from .proxy import Proxy
from .site import Installation, Site
from .switches import SWITCHES
from .sync_log import SyncLog


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(tmp_path_factory.mktemp("installation"))
    installation.make()
    return installation


@pytest.fixture(scope="session")
def executable() -> str:
    return ensure()


@pytest.fixture
def site(installation: Installation, tmp_path: Path) -> Iterator[Site]:
    """The example, running, with a database of its own."""
    with Site(tmp_path, installation) as site:
        yield site


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    """A proxy in front of the site, which lets everything through until it is told otherwise."""
    proxy = Proxy(site.port)
    proxy.start()
    yield proxy
    proxy.stop()
    for exchange in proxy.exchanges:
        print(exchange)


@pytest.fixture(scope="session")
def browser(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh browser profile."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def sync_log(context: BrowserContext) -> Iterator[SyncLog]:
    with SyncLog(context) as log:
        yield log


@pytest.fixture
def chromium(executable: str, tmp_path: Path) -> Iterator[Chromium]:
    """A running Chromium whose workers are left alone and which can be killed and started again."""
    chromium = Chromium(executable, tmp_path / "profile")
    chromium.start()
    yield chromium
    chromium.kill()
