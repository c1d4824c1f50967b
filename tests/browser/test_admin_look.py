"""Every page of the admin in a real browser: light and dark, wide and narrow, for everybody, under a strict policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from .past_site import Operator, site_with_a_past
from .site import Installation, Site

WIDTHS = {"desktop": 1280, "phone": 390}
MOST_PIXELS = 1100
"""Of a picture's height: what is below is more of the same."""
LIST = "django_bgsync/{}/?{}"
PAGES = {  # path, or a list and the first row of it
    "overview": "django_bgsync/",
    "attention": "django_bgsync/syncitem/attention/",
    "tag": "django_bgsync/synctag/order/change/?span=7d",
    "client": ("syncclient", "q=ada"),
    "item": ("syncitem", "q=nora"),
    "item-with-copy": ("syncitem", "q=pia"),
    "items": "django_bgsync/syncitem/",
    "attempts": "django_bgsync/deliveryattempt/?outcome__exact=failed",
    "clients": "django_bgsync/syncclient/?trouble=silent3",
    "operate": "django_bgsync/operatoraction/operate/?kind=discard&state=parked",
    "recover": "django_bgsync/operatoraction/operate/?kind=recover&tag=order",
    "actions": "django_bgsync/operatoraction/",
}


@pytest.fixture(scope="module")
def past(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_with_a_past(tmp_path_factory.mktemp("past"), installation) as site:
        yield site


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def operator(browser: Browser, past: Site, width: str, theme: str) -> Iterator[Operator]:
    viewport = {"width": WIDTHS[width], "height": 900}
    operator = Operator(browser, past, viewport=viewport, color_scheme=theme, reduced_motion="reduce")
    yield operator
    operator.close()


@pytest.mark.parametrize("name", PAGES)
def test_page(operator: Operator, name: str, width: str, theme: str, request: pytest.FixtureRequest) -> None:
    """No error, nothing that the policy forbids, nothing wider than the screen, nothing serious that axe finds."""
    where = PAGES[name]
    if isinstance(where, tuple):
        operator.open(LIST.format(*where))
        operator.click("#result_list tbody th a")
    else:
        operator.open(where)
    page = operator.page
    page.wait_for_function("[...document.querySelectorAll('canvas')].every(one => Chart.getChart(one))")

    assert operator.faults == []
    assert operator.violations == []
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    found = (
        Axe()
        .run(page, context="#content", options={"runOnly": ["wcag2a", "wcag2aa", "best-practice"]})
        .response["violations"]
    )
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in serious] == []
    save(operator, name, width, theme, request.config.getoption("--pictures"))


def save(operator: Operator, name: str, width: str, theme: str, directory: Path | None) -> None:
    if directory is None:
        return
    directory.mkdir(parents=True, exist_ok=True)
    height = min(operator.page.evaluate("document.documentElement.scrollHeight"), MOST_PIXELS)
    clip = {"x": 0, "y": 0, "width": WIDTHS[width], "height": height}
    operator.page.screenshot(path=directory / f"{name}-{width}-{theme}.png", full_page=True, clip=clip)


def test_charts_follow_the_theme(browser: Browser, past: Site) -> None:
    """A chart is drawn again in the colours of the other theme when somebody switches to it."""
    operator = Operator(browser, past, color_scheme="light")
    page = operator.open()
    colour = "Chart.getChart(document.querySelector('canvas')).data.datasets[0].backgroundColor"
    light = page.evaluate(colour)
    page.click(".theme-toggle")  # from auto to dark, where the system is light
    page.wait_for_function(f"document.documentElement.dataset.theme === 'dark' && {colour} !== '{light}'")
    operator.close()


def test_charts_by_keyboard(browser: Browser, past: Site) -> None:
    """The table behind a chart opens with the keyboard, and says what the chart shows."""
    operator = Operator(browser, past)
    page = operator.open()
    page.focus(".bgsync-chart summary")
    page.keyboard.press("Enter")

    assert page.is_visible(".bgsync-chart details table")
    shown = page.evaluate("Chart.getChart(document.querySelector('canvas')).data.datasets[0].data")
    cells = page.locator(".bgsync-chart").first.locator("tbody td:nth-child(2)").all_inner_texts()
    operator.close()
    assert [int(cell) for cell in cells] == shown
