"""The example's news as a visitor without JavaScript meets them, and their feed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.news import only, publish, withdraw
from tests.browser.site import Installation, Site

from .example_site import Inline, Visitor

FEED = "/bgsync/v1/feeds/latest-news/"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    installation = Installation(tmp_path_factory.mktemp("installation"))
    installation.make()
    with Site(tmp_path_factory.mktemp("site"), installation) as site:
        yield site


@pytest.fixture
def visitor(site: Site) -> Visitor:
    visitor = Visitor(site)
    visitor.sign_in()
    return visitor


def test_there_is_news(site: Site):
    """The demo begins with some, and each has a page."""
    site.forget()
    visitor = Visitor(site)
    visitor.sign_in()
    text = visitor.get("/news/").text

    assert "The ferry runs again" in text
    assert "leaves at seven" in visitor.get("/news/1/").text
    assert visitor.get("/news/7777/").status_code == 404


def test_news_need_a_login(site: Site):
    """Nobody reads them without one."""
    answers = [Visitor(site).get(path) for path in ("/news/", "/news/1/")]

    assert [answer.url.partition("?")[0] for answer in answers] == [f"{site.url}/accounts/login/"] * 2


@pytest.mark.parametrize("path", ["/news/", "/news/1/"])
def test_no_inline_code(visitor: Visitor, path: str):
    """A strict policy could be put on the pages."""
    assert Inline(visitor.get(path).text).found == []


def test_feed(site: Site, visitor: Visitor):
    """Changes come in their order, deletions among them, and what was seen does not come again."""
    only(site, "ferry", "bridge")
    first = visitor.get(FEED).json()
    publish(site, "library")
    withdraw(site, "ferry")
    second = visitor.get(f"{FEED}?cursor={first['cursor']}").json()
    third = visitor.get(f"{FEED}?cursor={second['cursor']}").json()

    assert [item["title"] for item in first["items"]] == ["ferry", "bridge"]
    assert first["cache"] == ["/news/", *(item["url"] for item in first["items"])]
    assert ([item["title"] for item in second["items"]], second["deleted"]) == (["library"], [first["items"][0]["id"]])
    assert (third["items"], third["deleted"], third["cache"], third["cursor"]) == ([], [], [], second["cursor"])


def test_feed_in_pages(site: Site, visitor: Visitor):
    """Twenty at a time."""
    only(site, *(f"news {number}" for number in range(21)))
    page = visitor.get(FEED).json()

    assert (len(page["items"]), page["more"]) == (20, True)
    assert visitor.get(f"{FEED}?cursor={page['cursor']}").json()["more"] is False


def test_feed_with_a_made_up_cursor(visitor: Visitor):
    """The device is told to begin anew."""
    answer = visitor.get(f"{FEED}?cursor=x")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")
