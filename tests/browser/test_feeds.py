"""Feeds in every engine: pulled by open pages, read without a connection, by those they are for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import faults
from .engines.page import Browser, Page
from .news import await_titles, only, publish, pulls, read, refresh, register, withdraw
from .person import await_worker, sign_in, sign_out
from .proxy import Proxy
from .site import Installation, Site
from .waiting import wait_until

FEED_PATH = "/bgsync/v1/feeds/"
KEPT = "caches.keys().then(names => names.filter(name => name.startsWith('bgsync:pages:')).length)"
# Without any page noticing: only the cookies change.
BECOME_THE_SECOND = """(async () => {
    const post = (path, fields) => {
        const csrfmiddlewaretoken = document.cookie.match(/csrftoken=(\\w+)/)[1];
        const body = new URLSearchParams({...fields, csrfmiddlewaretoken});
        return fetch(`/accounts/${path}/`, {method: "POST", redirect: "manual", body});
    };
    await post("logout", {});
    await post("login", {username: "second", password: "second"});
})()"""


@pytest.fixture(scope="module")
def one_site(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One whose feed may be asked for at any time."""
    with Site(tmp_path_factory.mktemp("site"), installation, NEWS_INTERVAL="0") as site:
        yield site


def test_kept_up_to_date_by_pages(site: Site, proxy: Proxy, tab: Page) -> None:
    """Whatever the browser says to the wish, each page that is opened brings the news, changes and deletions."""
    only(site, "ferry", "bridge")
    await_worker(tab)
    assert register(tab, minInterval=0) in ("unavailable", "denied")
    await_titles(tab, "ferry", "bridge")
    publish(site, "library")
    withdraw(site, "ferry")
    before = len(pulls(site))
    tab.goto(f"{proxy.url}/posts/")  # which shows no news
    wait_until(lambda: len(pulls(site)) > before, because="the page has asked for news, and nobody has asked the page")
    await_titles(tab, "bridge", "library")
    assert {pull["trigger"] for pull in pulls(site)} == {"load"}
    assert tab.evaluate("document.querySelector('#articles') === null")


def test_not_more_often_than_the_page_wants(site: Site, proxy: Proxy, tab: Page) -> None:
    """Pages that are opened meanwhile ask for nothing."""
    only(site, "ferry")
    register(tab, minInterval=3_600_000)
    await_titles(tab, "ferry")
    publish(site, "bridge")
    tab.goto(f"{proxy.url}/news/")
    tab.evaluate("bgsync.periodic.list()")
    assert read(tab) == ["ferry"]
    assert refresh(tab) == "updated"
    assert [pull["trigger"] for pull in pulls(site)] == ["load", "manual"]


def test_read_without_a_server(site: Site, tab: Page) -> None:
    """What is on the device is read when nobody answers, and a refresh says so without an error."""
    only(site, "ferry", "bridge")
    assert refresh(tab) == "updated"
    site.stop()
    assert read(tab) == ["ferry", "bridge"]
    assert refresh(tab) == "unreachable"
    assert read(tab) == ["ferry", "bridge"]


def test_other_tabs_hear_of_it(site: Site, proxy: Proxy, engine: Browser, tab: Page) -> None:
    """The event comes in every page of the site, whichever has pulled."""
    only(site, "ferry")
    other = engine.open()
    other.goto(f"{proxy.url}/posts/")
    other.evaluate("bgsync.addEventListener('feed', ({detail}) => { window.heard = detail.name; })")
    refresh(tab)
    assert other.wait_for("window.heard") == "latest-news"


def test_page_of_the_example(site: Site, proxy: Proxy, tab: Page) -> None:
    """The news page shows what is on the device, the newest first, and what the switch has brought."""
    only(site, "ferry", "bridge")
    tab.goto(f"{proxy.url}/news/")
    tab.wait_for("!document.querySelector('#feed-form').hidden")
    tab.evaluate("document.querySelector('[name=periodic]').click()")
    tab.wait_for("document.querySelector('#as-of').textContent.startsWith('As of')")
    assert tab.evaluate("document.querySelector('#periodic-state').textContent") != ""
    tab.reload()
    tab.wait_for("document.querySelector('[name=periodic]').checked")
    assert tab.wait_for("[...document.querySelectorAll('#articles h2')].map(title => title.textContent).sort()") == [
        "bridge",
        "ferry",
    ]


def test_thirty_pages_one_cut_off(site: Site, proxy: Proxy, tab: Page) -> None:
    """A pull that breaks off goes on where it stopped, and each article comes once."""
    titles = [f"news {number}" for number in range(600)]
    only(site, *titles)
    broken = proxy.on("GET", f"{FEED_PATH}latest-news/?cursor=", faults.cut, times=1)
    assert refresh(tab) == "unreachable"
    assert 0 < len(read(tab)) < 600
    assert len(broken.hits) == 1
    assert refresh(tab) == "updated"
    assert read(tab) == titles
    cursors = [exchange.request.path for exchange in proxy.exchanges if exchange.request.path.startswith(FEED_PATH)]
    assert len(set(cursors)) == 30
    assert len(cursors) == 31
    assert sum(pull["items"] for pull in pulls(site)) == 600 + 20


def test_captive_portal(site: Site, proxy: Proxy, tab: Page) -> None:
    """A page that answers in the site's place is not stored, and the feed goes on afterwards."""
    only(site, "ferry")
    portal = proxy.on("GET", FEED_PATH, faults.answer(faults.captive_portal))
    assert refresh(tab) == "unreachable"
    assert read(tab) == []
    portal.lift()
    assert refresh(tab) == "updated"
    assert read(tab) == ["ferry"]


def test_somebody_else(site: Site, proxy: Proxy, tab: Page) -> None:
    """The next user sees nothing of it; signing out by the form deletes it, pages of the site included."""
    only(site, "ferry")
    refresh(tab)
    assert tab.evaluate(KEPT) == 1
    sign_out(tab)
    assert tab.evaluate(KEPT) == 0
    sign_in(tab, proxy.url, "second")
    assert read(tab) == []
    sign_out(tab)
    sign_in(tab, proxy.url)
    assert read(tab) == []
    refresh(tab)
    assert read(tab) == ["ferry"]


def test_session_of_somebody_else(site: Site, tab: Page, proxy: Proxy) -> None:
    """Whose session changes without a word is asked about, and what comes is the new user's alone."""
    only(site, "ferry")
    refresh(tab)
    tab.evaluate(BECOME_THE_SECOND)
    publish(site, "bridge")
    assert refresh(tab) == "blocked"
    assert read(tab) == ["ferry"]
    tab.reload()
    wait_until(lambda: read(tab) == [], because="the feed is the new user's", timeout=30)
