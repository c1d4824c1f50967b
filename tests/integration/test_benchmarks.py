"""The benchmarks still run; their figures are read by people, never by a test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def small(benchmark: str) -> str:
    """What it prints, on SQLite and with few items."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    run = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{benchmark}", "--small"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_receiving():
    """Every case of `make bench` is measured."""
    assert re.findall(r"^(.+?) +[0-9,]+ items/s$", small("receiving"), flags=re.M) == [
        "raw",
        "raw, lean tables",
        "bare loop",
        "ours, many",
        "ours, per item",
        "ours, replayed",
        "ours, batch of one",
        "statements alone, many",
        "statements alone, batch of one",
        "peer",
    ]


def test_background():
    """Items for the background are measured beside one task for each, and how long a single one waits."""
    said = small("background")

    assert re.findall(r"^(.+?) +[0-9,]+ items/s$", said, flags=re.M) == [
        "ours, many",
        "ours, per item",
        "one task per item",
    ]
    assert re.search(r"^receipt to applied, idle \(target 300\) +[0-9]+ ms, worst [0-9]+ ms$", said, flags=re.M)


def test_memory():
    """The memory of a web worker is measured at the start, in the middle and at the end."""
    said = small("memory")

    assert re.findall(r"^(\w+) +([0-9,]+) items +[0-9.]+ MB$", said, flags=re.M) == [
        ("start", "100"),
        ("middle", "500"),
        ("end", "1,000"),
    ]
    assert re.search(r"^growth [+-][0-9.]+ MB", said, flags=re.M)


def test_admin():
    """Every page of `make bench-admin` is measured, and asks as often whatever it shows."""
    pages = re.findall(r"^(.+?) +[0-9]+ ms +[0-9]+ ms +[0-9]+ ms +(.+?)(?:  !)?$", small("admin"), flags=re.M)

    assert len(pages) > 50
    assert {name for name, statements in pages if "or" in statements.split()} <= {
        "item",
        "attempts, failed, of an hour",
    }


@pytest.mark.browser
def test_draining():
    """Every case of `make bench-browser` is measured, in a real browser."""
    cases = [line.partition(":")[0] for line in small("draining").splitlines()]

    assert cases == ["drain 100 at   0 ms", "drain 100 at  50 ms", "drain 100 at 200 ms", "enqueue"]
