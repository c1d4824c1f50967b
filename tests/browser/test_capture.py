"""Requests of the site's own code to a plain DRF ViewSet, kept by the worker where nobody answers, in every engine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from . import faults
from .captures import as_form, as_json, as_upload, await_kept, call, kept, take_control
from .engines.page import Browser, Page
from .person import flush, sign_in, sign_in_unnoticed, sign_out
from .proxy import Fault, Proxy
from .service_workers import service_workers
from .site import Installation, Site
from .waiting import wait_until

POSTS = "/api/posts/"
PNG = [0x89, 0x50, 0x4E, 0x47, 0, 255, 13, 10, 26, 10]
SEND_AND_FORGET = f"""void fetch("{POSTS}", {{
    method: "POST",
    body: new URLSearchParams({{text: "left behind"}}),
    headers: {{"X-CSRFToken": document.cookie.match(/csrftoken=(\\w+)/)[1]}},
}})"""
CAPTURE = [{"url": "^/api/posts/"}, {"url": "^/api/open-posts/", "verdict": "status"}]


@pytest.fixture(scope="module")
def capturing_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("capturing")
    with Site(directory, installation, **service_workers(directory, CAPTURE=CAPTURE)) as site:
        yield site


@pytest.fixture
def site(capturing_site: Site) -> Iterator[Site]:
    """As if nobody had ever used it."""
    capturing_site.forget()
    yield capturing_site
    print(capturing_site.said())


@pytest.fixture
def tab(engine: Browser, proxy: Proxy) -> Page:
    """The posts page of a user who has signed in, its requests going through the worker."""
    tab = engine.open()
    sign_in(tab, proxy.url)
    take_control(tab)
    return tab


def down(proxy: Proxy) -> None:
    """Nothing but pages and their files gets through."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for place in ("/api/", "/bgsync/v1/"):
            proxy.on(method, place, faults.drop)


def create(tab: Page, text: str) -> str:
    answer = call(tab, "POST", POSTS, as_json(text=text))
    assert answer.status == 201, answer
    return json.loads(answer.text)["id"]


def path_of(post: str) -> str:
    return f"{POSTS}{UUID(post)}/"


def test_answered_at_once(site: Site, proxy: Proxy, tab: Page) -> None:
    """With the site up the page gets the site's answer, the key has gone with the first try, and nothing is kept."""
    answer = call(tab, "POST", POSTS, as_json(text="at once"))
    assert (answer.status, answer.mark, json.loads(answer.text)["text"]) == (201, "1", "at once")
    [exchange] = proxy.seen("POST", POSTS)
    assert exchange.request.header("Idempotency-Key")
    assert exchange.request.header("BGSync-Owner")
    assert kept(tab) == []
    assert [item["tag_id"] for item in site.items()] == ["http:post-list"]


def test_page_that_was_being_loaded(site: Site, proxy: Proxy, engine: Browser) -> None:
    """A page on its way while the worker becomes active loses nothing either, though browsers leave it out then."""
    worker_comes, page_comes = threading.Event(), threading.Event()
    proxy.on("GET", "/bgsync/sw.js", faults.late(worker_comes))
    first = engine.open()
    sign_in(first, proxy.url)
    on_its_way = proxy.on("GET", "/posts/", faults.late(page_comes))
    second = engine.open()
    second.evaluate(f"void location.assign({json.dumps(f'{proxy.url}/posts/')})")
    wait_until(lambda: on_its_way.hits, because="the page is being loaded")
    worker_comes.set()
    take_control(first)
    page_comes.set()
    take_control(second)

    down(proxy)
    assert call(second, "POST", POSTS, as_json(text="kept")).is_queued


def test_every_method_and_body(site: Site, proxy: Proxy, tab: Page) -> None:
    """With the site down every kind of request is kept, through a reload, and arrives as it was, in its order."""
    changed, replaced, gone = (create(tab, text) for text in ("to be changed", "to be replaced", "to be deleted"))
    down(proxy)
    calls = [
        ("POST", POSTS, as_json(text="as JSON")),
        ("POST", POSTS, as_form(text="as a form: ä&=")),
        ("POST", POSTS, as_upload("photo.png", PNG, text="with a photo")),
        ("PATCH", path_of(changed), as_form(text="changed")),
        ("PUT", path_of(replaced), as_upload("photo.png", PNG, text="replaced")),
        ("PATCH", path_of(replaced), as_json(text="replaced and changed")),
        ("DELETE", path_of(gone)),
    ]
    for method, path, *body in calls:
        answer = call(tab, method, path, *body)
        assert answer.is_queued, (method, path, answer)
    expected = [[method, path, "queued"] for method, path, *_ in calls]
    assert kept(tab) == expected
    tab.reload()
    await_kept(tab, expected)
    proxy.clear()
    flush(tab)
    await_kept(tab, [])
    texts = ["as JSON", "as a form: ä&=", "with a photo", "changed", "replaced and changed"]
    assert sorted(site.texts()) == sorted(texts)
    photos = sorted((site.files / "media" / "posts").iterdir())
    assert [photo.read_bytes() for photo in photos[-2:]] == [bytes(PNG)] * 2
    assert {item["state"] for item in site.items()} == {"applied"}


@pytest.mark.parametrize("lose", [faults.swallow, faults.cut, faults.truncate])
def test_answer_is_lost(site: Site, proxy: Proxy, tab: Page, lose: Fault) -> None:
    """The site has done it, and the answer never arrives: it is asked for again under the same key, and done once."""
    rule = proxy.on("POST", POSTS, lose, times=1)
    assert call(tab, "POST", POSTS, as_json(text="once")).is_queued
    assert rule.hits
    wait_until(lambda: site.texts() == ["once"], because="the site has done it")
    flush(tab)
    await_kept(tab, [])
    assert site.texts() == ["once"]
    [item] = site.items()
    assert item["state"] == "applied"
    keys = [exchange.request.header("Idempotency-Key") for exchange in proxy.seen("POST", POSTS)]
    assert len(keys) >= 2
    assert len(set(keys)) == 1


def test_refused_later(site: Site, proxy: Proxy, tab: Page) -> None:
    """What the site refuses when it gets it stays with its reason; it holds nobody up, and can be tried again."""
    down(proxy)
    assert call(tab, "POST", POSTS, as_json(text="spam")).is_queued
    assert call(tab, "POST", POSTS, as_json(text="behind it")).is_queued
    proxy.clear()
    flush(tab)
    await_kept(tab, [["POST", POSTS, "parked"]])
    [problem] = tab.evaluate("bgsync.list({}).then(items => items.map(item => item.result.problem))")
    assert problem == {"status": 400, "detail": "", "errors": {"text": ["We do not publish spam."]}}
    assert site.texts() == ["behind it"]
    tab.evaluate("bgsync.list({}).then(([item]) => bgsync.discard(item.id))")
    await_kept(tab, [])


@pytest.mark.parametrize(
    "make",
    [faults.server_error, faults.bad_gateway, faults.captive_portal, faults.login_redirect],
    ids=lambda f: f.__name__,
)
def test_no_verdict(site: Site, proxy: Proxy, tab: Page, make) -> None:
    """Whatever else answers in the site's place has decided nothing: the request waits for the site."""
    down(proxy)
    assert call(tab, "POST", POSTS, as_json(text="patient")).is_queued
    proxy.clear()
    rule = proxy.on("POST", POSTS, faults.answer(make))
    flush(tab)
    wait_until(lambda: rule.hits, because="it has been tried")
    await_kept(tab, [["POST", POSTS, "queued"]])
    proxy.clear()
    flush(tab)
    await_kept(tab, [])
    assert site.texts() == ["patient"]


def test_by_status(site: Site, proxy: Proxy, tab: Page) -> None:
    """A view that knows nothing of us: its status says what became of the request, and the session is asked before."""
    down(proxy)
    assert call(tab, "POST", "/api/open-posts/", as_json(text="by status")).is_queued
    assert call(tab, "POST", "/api/open-posts/", as_json(text="spam")).is_queued
    proxy.clear()
    flush(tab)
    await_kept(tab, [["POST", "/api/open-posts/", "parked"]])
    paths = [exchange.request.path for exchange in proxy.exchanges if exchange.answered_by_site]
    # Without what the browser looks for by itself: a newer worker.
    paths = [path for path in paths if path != "/bgsync/sw.js"]
    sent = [place for place, path in enumerate(paths) if path == "/api/open-posts/"]
    assert [paths[place - 1] for place in sent] == ["/bgsync/v1/session/"] * 2
    assert site.texts() == ["by status"]
    assert site.items() == []


def test_somebody_else_signs_in(site: Site, proxy: Proxy, tab: Page) -> None:
    """The request of one user is never sent as another; it goes when its user is back."""
    down(proxy)
    assert call(tab, "POST", POSTS, as_json(text="of demo")).is_queued
    proxy.clear()
    hold = proxy.on("POST", POSTS, faults.drop)
    sign_out(tab)
    sign_in(tab, proxy.url, "admin")
    hold.lift()
    flush(tab)
    assert kept(tab) == []
    assert site.posts() == []
    sign_out(tab)
    sign_in(tab, proxy.url, "demo")
    await_kept(tab, [])
    assert site.posts() == [("demo", "of demo")]


def test_before_the_page_knows_whose_session_it_is(site: Site, proxy: Proxy, tab: Page) -> None:
    """Somebody else has signed in, unnoticed. What is kept of the new page before it could ask is the new one's."""
    down(proxy)
    sign_in_unnoticed(tab, "admin")
    tab.reload()
    take_control(tab)
    assert call(tab, "POST", POSTS, as_json(text="of admin")).is_queued
    assert kept(tab) == [["POST", POSTS, "queued"]]  # the page has nobody to show it to but the one before
    proxy.clear()
    wait_until(lambda: flush(tab) or site.posts(), because="it has arrived")
    assert site.posts() == [("admin", "of admin")]
    await_kept(tab, [])


def test_left_in_the_middle(site: Site, proxy: Proxy, tab: Page) -> None:
    """A page that goes away while its request is on its way has not called it off: it arrives, once."""
    cut = threading.Event()
    hanging = proxy.on("POST", POSTS, faults.hold_until(cut), times=1)
    tab.evaluate(SEND_AND_FORGET)
    wait_until(lambda: hanging.hits, because="the request is on its way")
    tab.reload()
    cut.set()
    wait_until(lambda: site.texts() == ["left behind"], because="it has arrived")
    await_kept(tab, [])
    assert site.texts() == ["left behind"]


def test_the_page_sends_what_the_worker_no_longer_does(
    installation: Installation, engine: Browser, tmp_path: Path
) -> None:
    """The site captures nothing any more, and requests still wait: pages send them."""
    with Site(tmp_path, installation, **service_workers(tmp_path, CAPTURE=CAPTURE)) as site:
        proxy = Proxy(site.port)
        proxy.start()
        tab = engine.open()
        sign_in(tab, proxy.url)
        take_control(tab)
        down(proxy)
        assert call(tab, "POST", POSTS, as_json(text="of before")).is_queued
        site.change(**service_workers(tmp_path))
        site.restart()
        proxy.clear()
        tab.reload()
        flush(tab)
        await_kept(tab, [])
        assert site.texts() == ["of before"]
        proxy.stop()
