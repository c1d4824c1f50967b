"""The example's own secret key."""

from __future__ import annotations

import stat
from pathlib import Path

from example_project.secret_key import read_or_make


def test_key_is_made_once(tmp_path: Path):
    """The second process gets the key of the first."""
    path = tmp_path / "key"

    assert read_or_make(path) == read_or_make(path) != ""


def test_key_is_private(tmp_path: Path):
    """Nobody else may read it, and no draft is left."""
    path = tmp_path / "key"
    read_or_make(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
