"""The example served for real, a proxy that can fail, and a browser in front of both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .chromium import ensure
from .engines.chromium import Chromium
from .engines.gaps import DISK, can
from .engines.installed import installed, launcher
from .engines.page import Browser as Engine
from .engines.page import Page as Tab
from .person import sign_in
from .proxy import Proxy
from .site import Installation, Site
from .switches import switches
from .sync_log import SyncLog


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    installation = Installation(tmp_path_factory.mktemp("installation"))
    installation.make()
    return installation


@pytest.fixture(scope="session")
def executable() -> str:
    return ensure()


@pytest.fixture(scope="session")
def one_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with Site(tmp_path_factory.mktemp("site"), installation) as site:
        yield site


@pytest.fixture
def site(one_site: Site) -> Iterator[Site]:
    """The example, running, as if nobody had ever used it."""
    one_site.forget()
    yield one_site
    print(one_site.said())


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
def running_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Engine]]:
    """The browsers that have been started so far."""
    running: dict[str, Engine] = {}
    yield running
    for engine in running.values():
        engine.kill()


@pytest.fixture(params=installed())
def engine(
    request: pytest.FixtureRequest, running_engines: dict[str, Engine], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """Each engine in turn. Tests share its browser: each has an origin of its own, and its pages are closed."""
    name = request.param
    if name not in running_engines:
        running_engines[name] = start(name, tmp_path_factory.mktemp(name))
    yield running_engines[name]
    running_engines[name].close_pages()


@pytest.fixture(params=installed())
def new_engine(request: pytest.FixtureRequest, tmp_path: Path, proxy: Proxy) -> Iterator[Engine]:
    """A browser of each engine of its own, which can be killed and started again, and reaches the insecure host."""
    yield from alone(request.param, tmp_path, proxy)


@pytest.fixture(params=[name for name in installed() if can(name, DISK)])
def lasting(request: pytest.FixtureRequest, tmp_path: Path, proxy: Proxy) -> Iterator[Engine]:
    """The same for the engines whose profile outlives them."""
    yield from alone(request.param, tmp_path, proxy)


def alone(name: str, directory: Path, proxy: Proxy) -> Iterator[Engine]:
    engine = start(name, directory, names_at=f"127.0.0.1:{proxy.port}")
    yield engine
    engine.kill()


def start(name: str, directory: Path, *, names_at: str = "") -> Engine:
    launch = launcher(name)
    assert launch is not None
    engine = launch(directory / "profile", names_at)
    engine.start()
    return engine


@pytest.fixture
def tab(engine: Engine, proxy: Proxy) -> Tab:
    """The posts page of a user who has signed in, in each engine in turn."""
    tab = engine.open()
    sign_in(tab, proxy.url)
    return tab


@pytest.fixture(scope="session")
def browser(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=switches())
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
def chromium(tmp_path: Path) -> Iterator[Chromium]:
    """A running Chromium whose workers are left alone and which can be killed and started again."""
    chromium = start("chromium", tmp_path)
    assert isinstance(chromium, Chromium)
    yield chromium
    chromium.kill()
