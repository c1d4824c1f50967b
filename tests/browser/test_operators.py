"""What an operator does in the admin reaches the page on the user's device."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .arrival import assert_applied_once
from .operator_desk import OperatorDesk
from .posts_page import PostsPage
from .site import Site

ACTION = "019a9f2e63f17cc1b1a58a4d3d0f2b11"


@pytest.fixture
def desk(site: Site, browser: Browser) -> Iterator[OperatorDesk]:
    """Somebody else's browser."""
    with browser.new_context() as elsewhere:
        desk = OperatorDesk(elsewhere.new_page(), site.url)
        desk.sign_in()
        yield desk


@pytest.fixture
def posts(site: Site, page: Page) -> PostsPage:
    posts = PostsPage(page, site.url)
    posts.sign_in()
    posts.write("the first")
    posts.expect_state("the first", "sent")
    return posts


def test_closed_opened_and_tried_again(site: Site, posts: PostsPage, desk: OperatorDesk) -> None:
    """A post that came while its tag was closed is parked, and sent when an operator has tried it again."""
    desk.open_tag("post")
    desk.operate("Close", "The editors are out.")
    posts.write("too late")
    posts.expect_state("too late", "parked")
    assert site.posts() == [("demo", "the first")]

    desk.open_tag("post")
    desk.operate("Resume")
    desk.open_newest_item()
    desk.operate("Retry")
    posts.open()
    posts.expect_state("too late", "sent")
    posts.expect_waiting([])
    assert_applied_once(site, ["the first", "too late"])


def test_discarded(site: Site, posts: PostsPage, desk: OperatorDesk) -> None:
    """A post that an operator discards stays on the device, with the operator's reason, until the user agrees."""
    posts.write("cheap spam")
    posts.expect_state("cheap spam", "parked")
    desk.open_newest_item()
    desk.operate("Discard", "We know you.")
    posts.open()
    expect(posts.page.locator("#posts li[data-state=parked] .reason")).to_have_text("We know you.")

    posts.page.get_by_role("button", name="Discard").click()
    posts.expect_waiting([])
    assert [item["code"] for item in site.items()] == ["ok", "discarded"]


def test_log_for_everybody(posts: PostsPage, desk: OperatorDesk) -> None:
    """The log of actions, and the page of one, have nothing serious that axe finds."""
    posts.write("cheap spam")
    posts.expect_state("cheap spam", "parked")
    desk.open_newest_item()
    desk.operate("Discard", "We know you.")
    desk.page.get_by_role("link", name="What was done").click()
    expect(desk.page.locator("#content")).to_contain_text("We know you.")
    assert serious_in(desk.page) == []
    desk.page.goto(f"{desk.url}/admin/django_bgsync/operatoraction/")
    expect(desk.page.locator("#result_list")).to_contain_text("We know you.")
    assert serious_in(desk.page) == []


def serious_in(page: Page) -> list[tuple[str, list[str]]]:
    rules = {"runOnly": ["wcag2a", "wcag2aa", "best-practice"]}
    found = Axe().run(page, context="#content", options=rules).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious]


def test_progress_without_a_script(site: Site, posts: PostsPage, browser: Browser) -> None:
    """The pages of operations work in a browser that runs no script; the progress page reloads itself."""
    site.execute(
        "INSERT INTO django_bgsync_operatoraction (id, kind, selection, 'values', reason, username, state, total, "
        "is_total_exact, done, skipped, cursor, requested_at, error) "
        "VALUES ('019a9f2e63f17cc1b1a58a4d3d0f2b11', 'retry', '{}', '{}', '', 'admin', 'queued', 900, 1, 300, 0, '', "
        "'2026-11-26', '')"
    )
    context: BrowserContext = browser.new_context(java_script_enabled=False)
    with context:
        desk = OperatorDesk(context.new_page(), site.url)
        desk.sign_in()
        desk.page.goto(f"{site.url}/admin/django_bgsync/operatoraction/{ACTION}/change/")
        expect(desk.page.locator("progress")).to_have_attribute("value", "300")
        site.execute("UPDATE django_bgsync_operatoraction SET done = 600")
        expect(desk.page.locator("progress")).to_have_attribute("value", "600", timeout=15_000)
        desk.page.get_by_role("button", name="Cancel").click()
        expect(desk.page.locator("progress")).to_have_count(0)  # nobody was at it, so it is over
        expect(desk.page.locator("#content")).to_contain_text("cancelled")
        desk.open_tag("post")
        desk.operate("Pause", "Lunch.")
