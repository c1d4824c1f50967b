"""The page that shows the outbox to its owner, in every engine, under `default-src 'self'`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from . import faults
from .admin import Admin
from .captures import as_json, call, take_control
from .engines.page import Browser, Page
from .inspecting import PATH, READ, InspectorPage
from .person import await_states, enqueue, flush, sign_in, sign_out
from .proxy import Proxy
from .service_workers import service_workers
from .site import Installation, Site
from .waiting import wait_until

POSTS = "/api/posts/"
REPORTS = "/reports/"
CATCH_FILE = """void (() => {
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { blob.text().then((text) => (window.fileText = text)); return make(blob); };
    HTMLAnchorElement.prototype.click = function () { window.fileName = this.download; };
})()"""
HOSTILE = "</pre><img src=x onerror='window.isHit = true'><script>window.isHit = true</script>"
WITH_HOSTILE_FILE = """bgsync.enqueue("post", {text: %s}, {
    files: {photo: new File(["x"], %s, {type: "<b>"})}, lane: "<b>lane</b>",
}).then((receipt) => receipt.id)"""


@pytest.fixture(scope="module")
def inspected_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("inspected")
    options = service_workers(directory, CAPTURE=[{"url": "^/api/posts/"}], OFFLINE_URL=True)
    options["DJANGO_SETTINGS_MODULE"] = "tests.browser.policed_settings"
    with Site(directory, installation, **options) as site:
        yield site


@pytest.fixture
def site(inspected_site: Site) -> Iterator[Site]:
    """As if nobody had ever used it."""
    inspected_site.forget()
    yield inspected_site
    print(inspected_site.said())


@pytest.fixture
def tab(engine: Browser, proxy: Proxy) -> Iterator[Page]:
    """The posts page of a user who has signed in; whatever is done in it breaks no rule of the policy."""
    tab = engine.open()
    sign_in(tab, proxy.url)
    take_control(tab)
    yield tab
    assert [exchange.request.body for exchange in proxy.seen("POST", REPORTS)] == []


@pytest.fixture
def inspector(tab: Page, proxy: Proxy) -> InspectorPage:
    return InspectorPage(tab, proxy.url)


def down(proxy: Proxy) -> None:
    """Nothing but pages and their files gets through."""
    for method in ("GET", "POST"):
        for place in ("/api/", "/bgsync/v1/"):
            proxy.on(method, place, faults.drop)


def test_captured_request(site: Site, proxy: Proxy, tab: Page, inspector: InspectorPage) -> None:
    """A request that was kept shows like any item, without its body, and when it has arrived, in the admin."""
    down(proxy)
    answer = call(tab, "POST", POSTS, as_json(text="from the cellar"))
    assert answer.is_queued
    item = json.loads(answer.text)["id"]
    inspector.open()
    inspector.await_rows({"id": item, "name": f"POST {POSTS}", "state": "queued"})
    assert "from the cellar" not in tab.evaluate("document.documentElement.outerHTML")
    inspector.press("contents", item)
    wait_until(lambda: inspector.contents(item), because="the contents are shown")
    assert (inspector.contents(item) or "").endswith('\n\n{"text": "from the cellar"}')
    inspector.press("contents", item)
    wait_until(lambda: inspector.contents(item) is None, because="they are hidden again")

    proxy.clear()
    inspector.press("flush")
    inspector.await_rows()
    inspector.await_said("Nothing waits to be sent any more.")
    assert site.texts() == ["from the cellar"]
    with Admin(site.url) as admin:
        [row] = admin.rows("syncitem")
        assert "http:post-list" in [cell.text for cell in row.values()]
        assert "applied" in [cell.text.lower() for cell in row.values()]


def test_parked_item(site: Site, inspector: InspectorPage) -> None:
    """What was refused is there with its reason, can be tried again and discarded, and the focus is never lost."""
    first, second = (enqueue(inspector.tab, text) for text in ("cheap spam", "more spam"))
    await_states(inspector.tab, {"cheap spam": "parked", "more spam": "parked"})
    inspector.open()
    refused = {"name": "post", "state": "parked", "next": "parked", "code": "invalid"}
    reason = "text: We do not publish spam."
    inspector.await_rows(
        {"id": first, "reason": reason, "sent": 1, **refused}, {"id": second, "reason": reason, "sent": 1, **refused}
    )
    assert "cheap spam" not in inspector.text()

    inspector.press("retry", first)
    inspector.await_said("It is being sent again.")
    inspector.await_focus(first, "contents")
    wait_until(lambda: len(site.attempts()) == 3, because="the site has tried it again")
    inspector.await_rows({"id": first, "sent": 2, **refused}, {"id": second, "sent": 1, **refused})

    inspector.press("discard", first)
    inspector.await_focus(first, "keep")
    inspector.press("keep", first)
    inspector.await_focus(first, "discard")
    inspector.press("discard", first)
    inspector.press("confirm", first)
    inspector.await_rows({"id": second})
    inspector.await_said("It has been discarded.")
    inspector.await_focus(second, "contents")
    assert inspector.tab.evaluate(f"bgsync.settled('{first}')")["status"] == "discarded"

    inspector.press("discard", second)
    inspector.press("confirm", second)
    inspector.await_rows()
    inspector.await_focus("", "bgsync-outbox")
    assert inspector.is_shown("empty")


def test_live(site: Site, proxy: Proxy, engine: Browser, inspector: InspectorPage) -> None:
    """What happens in another tab shows at once: an item is written, waits for its next try, and is sent."""
    rule = proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    inspector.open()
    inspector.await_rows()
    other = engine.open()
    other.goto(f"{proxy.url}/posts/")
    item = enqueue(other, "seen elsewhere")
    inspector.await_rows({"id": item, "name": "post", "state": "queued"})
    rule.lift()
    flush(other)
    inspector.await_rows()
    assert site.texts() == ["seen elsewhere"]


def test_export(proxy: Proxy, tab: Page, inspector: InspectorPage) -> None:
    """A JSON file of everything that is this owner's."""
    down(proxy)
    item = enqueue(tab, "for the help desk")
    inspector.open()
    tab.evaluate(CATCH_FILE)
    inspector.press("export")
    inspector.await_said("The file has been made.")
    exported = json.loads(tab.wait_for("window.fileText"))
    assert tab.evaluate("window.fileName") == f"outbox-{exported['exportedAt'][:10]}.json"
    assert [(each["id"], each["payload"]) for each in exported["items"]] == [(item, {"text": "for the help desk"})]


def test_another_owner(proxy: Proxy, tab: Page, inspector: InspectorPage) -> None:
    """Of what others have left here there is a number, whoever is signed in, and nothing else."""
    proxy.on("POST", "/bgsync/v1/deliveries/", faults.drop)
    item = enqueue(tab, "demo's secret")
    flush(tab)
    sign_out(tab)
    inspector.open()
    tab.wait_for("!document.querySelector('[data-if=stranger]').hidden")
    assert inspector.is_shown("others")
    sign_in(tab, proxy.url, "second")
    own = enqueue(tab, "second's own")
    inspector.open()
    inspector.await_rows({"id": own})
    assert "Items of other people in this browser: 1" in inspector.text()
    assert not inspector.is_shown("stranger")
    page = tab.evaluate("document.documentElement.outerHTML")
    assert item not in page
    assert "demo" not in page


def test_hostile(proxy: Proxy, tab: Page, inspector: InspectorPage) -> None:
    """Names and contents that would be markup are text."""
    down(proxy)
    name = "<b>\u202egnp.exe</b>"
    item = tab.evaluate(WITH_HOSTILE_FILE % (json.dumps(HOSTILE), json.dumps(name)))
    call(tab, "POST", f"{POSTS}?<img src=x onerror='window.isHit = true'>", as_json(text=HOSTILE))
    inspector.open()
    inspector.await_rows({"id": item, "files": [f"{name} 1 byte"]}, {"state": "queued"})
    for row in inspector.rows():
        inspector.press("contents", row["id"])
        wait_until(lambda found=row["id"]: inspector.contents(found), because="the contents are shown")
        assert json.dumps(HOSTILE) in (inspector.contents(row["id"]) or "")
    assert tab.evaluate("document.querySelectorAll('.bgsync-inspector :is(img, script, tbody b)').length") == 0
    assert tab.evaluate("window.isHit ?? null") is None


def test_without_a_connection(proxy: Proxy, tab: Page, inspector: InspectorPage) -> None:
    """Then is when people look for what they did: the offline page leads to it, and all of it is on the device."""
    for method in ("GET", "POST"):
        proxy.on(method, "/", faults.drop)
    item = enqueue(tab, "from the tunnel")
    tab.goto(f"{proxy.url}/posts/")
    tab.evaluate("void document.querySelector('main a[href*=inspector]').click()")
    tab.wait_for(f"location.pathname === '{PATH}' && {READ}")
    inspector.await_rows({"id": item, "name": "post", "state": "queued"})
    assert tab.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "1152px"
    proxy.clear()
    inspector.press("flush")
    inspector.await_rows()


def test_policy_tells(proxy: Proxy, engine: Browser) -> None:
    """What the policy forbids would be known here: the other tests do not pass because nobody listens."""
    tab = engine.open()
    inspector = InspectorPage(tab, proxy.url)
    inspector.open()
    tab.evaluate("void document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    wait_until(lambda: proxy.seen("POST", REPORTS), because="the browser has told")
