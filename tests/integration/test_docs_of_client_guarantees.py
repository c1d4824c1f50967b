"""The page of the client's guarantees names tests that exist: pytest's functions, and vitest's by their titles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/client_guarantees.md").read_text()
NAMED = re.findall(r"`(\w+/[\w.-]+)::([^`]+)`", PAGE)
PLACES = {".py": ROOT / "tests", ".ts": ROOT / "client/test"}


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_named_test_exists(path: str, name: str) -> None:
    text = (PLACES[Path(path).suffix] / path).read_text()

    assert re.search(written(path, name), text, flags=re.M)


def written(path: str, name: str) -> str:
    """How a test of this name begins in its file."""
    if path.endswith(".py"):
        return rf"^def {name}\("
    return rf'(?:\b(?:test|describe)|\))\(\s*"{re.escape(name)}"'


def test_every_situation_names_its_test() -> None:
    """A row without a test would be a claim."""
    rows = re.findall(r"^\| (?!situation|---).+ \|$", PAGE, flags=re.M)

    assert len(rows) == len(NAMED)
