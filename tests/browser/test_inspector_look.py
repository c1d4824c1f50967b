"""The inspector's page in a real browser: light and dark, wide and narrow, for everybody, and where it cannot work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from . import faults
from .inspecting import PATH
from .posts_page import PostsPage
from .proxy import Proxy
from .service_workers import service_workers
from .site import Installation, Site

WIDTHS = {"desktop": 1280, "phone": 390}
NO_STORAGE = "Object.defineProperty(window, 'indexedDB', {value: undefined})"
WRITE = """async () => {
    const file = (name, size) => new File([new Uint8Array(size)], name, {type: "image/jpeg"});
    await bgsync.enqueue("post", {text: "cheap spam"}, {files: {photo: file("poster.jpg", 48_200)}});
    await bgsync.enqueue("post", {text: "more spam"});
    await bgsync.idle();
}"""
WRITE_MORE = """async () => {
    const headers = {"Content-Type": "application/json", "X-CSRFToken": document.cookie.match(/csrftoken=(\\w+)/)[1]};
    const body = JSON.stringify({text: "The ferry is late again."});
    await fetch("/api/posts/?from=the-old-mill&draft=1", {method: "POST", headers, body});
    await bgsync.enqueue("post", {text: "Two herons at the weir"});
    await bgsync.enqueue("reading-list.article", {number: 7}, {lane: "reading"});
    await bgsync.flush();
}"""
CONTROLLED = """() => new Promise((done) => {
    const {serviceWorker} = navigator;
    if (serviceWorker.controller) done();
    else serviceWorker.addEventListener("controllerchange", () => done());
})"""


@pytest.fixture(scope="module")
def one_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("inspected")
    options = service_workers(directory, CAPTURE=[{"url": "^/api/posts/"}], OFFLINE_URL=True)
    options["DJANGO_SETTINGS_MODULE"] = "tests.browser.policed_settings"
    with Site(directory, installation, **options) as site:
        yield site


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def page(browser: Browser, width: str, theme: Any) -> Iterator[Page]:
    viewport = {"width": WIDTHS[width], "height": 900}
    context = browser.new_context(viewport=viewport, color_scheme=theme, reduced_motion="reduce", locale="en")
    yield context.new_page()
    context.close()


def down(proxy: Proxy) -> None:
    for method in ("GET", "POST"):
        for place in ("/api/", "/bgsync/v1/"):
            proxy.on(method, place, faults.drop)


def open_inspector(page: Page, proxy: Proxy) -> None:
    page.goto(f"{proxy.url}{PATH}")
    expect(page.locator("[data-when=read]")).to_be_visible()


def look(page: Page, width: str) -> None:
    """Nothing wider than the screen, nothing serious that axe finds."""
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}
    found = Axe().run(page, options=rules).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious] == []


def save(page: Page, name: str, directory: Path | None) -> None:
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=directory / name, full_page=True)


def test_outbox(proxy: Proxy, page: Page, width: str, theme: str, request: pytest.FixtureRequest) -> None:
    """An outbox with something of everything; with contents shown, and with the question before a deletion."""
    faulty: list[str] = []
    page.on("pageerror", lambda error: faulty.append(str(error)))
    posts = PostsPage(page, proxy.url)
    posts.sign_in()
    page.evaluate(CONTROLLED)
    page.evaluate(WRITE)
    down(proxy)
    page.evaluate(WRITE_MORE)
    open_inspector(page, proxy)
    expect(page.locator("tbody[data-id]")).to_have_count(5)
    look(page, width)
    save(page, f"outbox-{width}-{theme}.png", request.config.getoption("--pictures"))

    captured = page.locator("tbody[data-id]", has_text="the-old-mill")
    captured.get_by_role("button", name="Contents").click()
    expect(captured.locator("pre")).to_contain_text("The ferry is late again.")
    page.locator("tbody[data-id]").first.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    look(page, width)
    page.keyboard.press("Escape")
    expect(page.locator("tbody[data-id]").first.get_by_role("button", name="Discard")).to_be_focused()
    assert faulty == []


def test_nothing_to_show(proxy: Proxy, page: Page, width: str) -> None:
    """A visitor who has not signed in, with an empty outbox."""
    open_inspector(page, proxy)
    expect(page.locator("[data-if=stranger]")).to_be_visible()
    expect(page.locator("[data-if=empty]")).to_be_visible()
    expect(page.get_by_role("table")).to_have_count(0)
    expect(page.locator("[data-capability=locks]")).to_have_text("yes")
    look(page, width)


def test_file_is_downloaded(context: BrowserContext, proxy: Proxy) -> None:
    """The browser gets a file, under the strict policy, too."""
    page = context.new_page()
    open_inspector(page, proxy)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()

    assert download.value.suggested_filename.startswith("outbox-20")
    assert '"bgsync": 1' in Path(download.value.path()).read_text()


def test_without_storage(context: BrowserContext, proxy: Proxy) -> None:
    """A browser that refuses to store anything is said to do so."""
    context.add_init_script(NO_STORAGE)
    page = context.new_page()
    page.goto(f"{proxy.url}{PATH}")

    expect(page.locator("[data-when=refused]")).to_be_visible()
    expect(page.locator("[data-when=read]")).to_be_hidden()
    expect(page.locator("[data-when=reading]")).to_be_hidden()


def test_without_scripts(browser: Browser, proxy: Proxy) -> None:
    """Without JavaScript the page says that it needs it, and promises nothing."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{proxy.url}{PATH}")

    text = page.inner_text("body")
    assert "JavaScript is off." in text
    assert "One moment." not in text
    assert "Nothing waits here." not in text
    context.close()


def test_script_that_cannot_be_loaded(context: BrowserContext, proxy: Proxy) -> None:
    """What stands there until then says what to do."""
    proxy.on("GET", "/static/django_bgsync/bgsync-inspector.", faults.drop)
    page = context.new_page()
    page.goto(f"{proxy.url}{PATH}")
    page.evaluate("bgsync.flush()")

    expect(page.locator("[data-when=reading]")).to_contain_text("load this page again")


def test_many_items(context: BrowserContext, proxy: Proxy) -> None:
    """A long outbox is shown by the hundred."""
    page = context.new_page()
    PostsPage(page, proxy.url).sign_in()
    down(proxy)
    page.evaluate(
        "async () => { for (let i = 0; i < 120; i += 1) await bgsync.enqueue('post', {text: `number ${i}`}); }"
    )
    open_inspector(page, proxy)
    expect(page.locator("tbody[data-id]")).to_have_count(100)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator("tbody[data-id]")).to_have_count(120)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
