"""A project whose users have other primary keys than numbers: what depends on who somebody is, once more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
FILES = (
    "integration/uuid_owners.py",
    *(f"integration/test_{name}.py" for name in ("replays", "visitors", "admin", "awaiting", "idempotent")),
)


def test_uuid_user() -> None:
    """Replays, visitors and who they become, the admin and keyed requests are the same with uuids."""
    options = ["--ds=tests.uuid_user.settings", "--create-db", "-q", "-p", "no:cacheprovider"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.uuid_user.settings"}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(str(TESTS / name) for name in FILES)],
        cwd=TESTS.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )

    assert run.returncode == 0, run.stdout
