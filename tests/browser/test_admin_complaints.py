"""Three complaints, each followed from the overview to its cause in at most three clicks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from .past_site import Operator, site_with_a_past
from .site import Installation, Site

MOST_CLICKS = 3


@pytest.fixture(scope="module")
def past(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_a_past(tmp_path_factory.mktemp("past"), installation) as site:
        yield site


@pytest.fixture
def operator(browser: Browser, past: Site) -> Iterator[Operator]:
    operator = Operator(browser, past)
    operator.open()
    yield operator
    assert operator.clicks <= MOST_CLICKS
    operator.close()


def test_my_order_of_tuesday_is_missing(operator: Operator) -> None:
    """It arrived, and was given up after four tries, because a seat does not exist."""
    operator.search("nora")
    operator.click("#result_list tbody th a")

    assert "Try 4" in operator.text
    assert "dead" in operator.text
    assert "DoesNotExist: Seat matching query does not exist." in operator.text
    assert operator.page.is_visible("text=Retry")


def test_it_says_sent_but_i_do_not_see_it(operator: Operator) -> None:
    """It is held behind another one of its lane, which is dead."""
    operator.search("omar")
    operator.click("#result_list tr:has-text('held') th a")
    assert "held" in operator.text

    operator.click("section:has-text('neighbours') tbody a")
    assert "dead" in operator.text
    assert "DoesNotExist" in operator.text


def test_it_was_there_twice(operator: Operator) -> None:
    """It was sent four times and ran once; the same id then came with another text, which was not run."""
    operator.search("pia")
    operator.click("#result_list tbody th a")

    assert "the last of 3 times; answered from here, nothing ran" in operator.text
    assert operator.text.count("Try ") == 1
    assert "Other content under the same id" in operator.text
    assert '+  "text": "Lost: a red scarf, row F"' in operator.text
