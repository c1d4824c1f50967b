"""The benchmarks still run; their figures are read by people, never by a test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_receiving():
    """Every case of `make bench` is measured, on SQLite and with few items."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.receiving", "--small"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert re.findall(r"^(.+?) +[0-9,]+ items/s$", run.stdout, flags=re.M) == [
        "raw",
        "bare loop",
        "ours, many",
        "ours, per item",
        "ours, replayed",
        "ours, batch of one",
        "peer",
    ]
