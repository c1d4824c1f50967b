"""What all kinds of tests share: their order, and the marker of those that need a browser."""

from __future__ import annotations

import math
from pathlib import Path

import hypothesis
import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """What one test brought must not throttle the next, and its database is gone with its salt."""
    from django_bgsync import owners

    cache.clear()
    owners.salt.read_at = -math.inf


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pictures", type=Path, help="save pictures of the pages into this directory")


# A slow machine is no finding.
hypothesis.settings.register_profile(
    "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], print_blob=True
)
hypothesis.settings.load_profile("tests")

HERE = Path(__file__).resolve().parent

# Random within a kind, but quick kinds first: a broken function should not have to wait for the browser.
KINDS = ("architecture", "typing", "unit", "integration", "model", "concurrency", "crash", "browser")


def kind(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).parts[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if kind(item) == "browser":
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: KINDS.index(kind(item)))
