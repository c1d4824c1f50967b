"""The page of guarantees names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.findall(r"`(\w+/test_\w+\.py)::(test_\w+)`", (ROOT / "docs/reference/guarantees.md").read_text())


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_named_test_exists(path: str, name: str) -> None:
    assert re.search(rf"^ *def {name}\(", (ROOT / "tests" / path).read_text(), flags=re.M)


def test_every_situation_names_its_test() -> None:
    """A row without a test would be a claim."""
    rows = re.findall(r"^\| (?!situation|---).+ \|$", (ROOT / "docs/reference/guarantees.md").read_text(), flags=re.M)

    assert len(rows) == len(NAMED)
