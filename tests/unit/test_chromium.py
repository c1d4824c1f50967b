"""The browser tests run with some Chromium or fail with a sentence; they never pass for want of one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser import chromium

PLAYWRIGHT_INSTALL = [sys.executable, "-m", "playwright", "install", "chromium"]
APT_INSTALL = ["/usr/bin/apt-get", "install", "--yes", "--no-install-recommends", "chromium"]


class Machine:
    """A machine on which `programs` run, and on which a command can make another one run."""

    def __init__(self, *programs: str, installs: dict[str, str] | None = None, uid: int = 1000) -> None:
        self.programs = set(programs)
        self.installs = installs or {}
        self.uid = uid
        self.commands: list[list[str]] = []

    def which(self, name: str) -> str | None:
        return next((path for path in self.programs if path.endswith(f"/{name}")), None)

    def run(self, command: list[str]) -> bool:
        self.commands.append(command)
        if command[-2:] == ["install", "chromium"]:
            return self._install("playwright")
        return command[1] == "update" or self._install("apt")

    def _install(self, source: str) -> bool:
        self.programs.add(self.installs.get(source, ""))
        return source in self.installs


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[Machine], Machine]:
    """Put the finder on a given machine."""

    def place(machine: Machine) -> Machine:
        monkeypatch.delenv(chromium.VARIABLE, raising=False)
        monkeypatch.setattr(chromium.shutil, "which", machine.which)
        monkeypatch.setattr(chromium.os, "geteuid", lambda: machine.uid)
        monkeypatch.setattr(chromium, "playwrights_own", lambda: "/cache/chrome")
        monkeypatch.setattr(chromium, "runs", machine.programs.__contains__)
        monkeypatch.setattr(chromium, "succeeds", machine.run)
        return machine

    return place


def test_named(on, monkeypatch):
    """BGSYNC_CHROMIUM comes before all others."""
    on(Machine("/usr/bin/chromium", "/opt/mine"))
    monkeypatch.setenv(chromium.VARIABLE, "/opt/mine")

    assert chromium.ensure() == "/opt/mine"


def test_named_but_absent(on, monkeypatch):
    """A name that does not run is an error, not a reason to take another browser."""
    machine = on(Machine("/usr/bin/chromium"))
    monkeypatch.setenv(chromium.VARIABLE, "/opt/gone")

    with pytest.raises(chromium.NoChromiumError, match=r"BGSYNC_CHROMIUM names '/opt/gone', which does not run\."):
        chromium.ensure()
    assert machine.commands == []


@pytest.mark.parametrize("path", ["/usr/bin/chromium", "/usr/bin/google-chrome", "/cache/chrome"])
def test_found(on, path):
    """A system browser and Playwright's own are taken as they are."""
    machine = on(Machine(path))

    assert chromium.ensure() == path
    assert machine.commands == []


def test_system_before_playwright(on):
    """The system's browser is preferred to Playwright's."""
    on(Machine("/usr/bin/chromium", "/cache/chrome"))

    assert chromium.ensure() == "/usr/bin/chromium"


def test_installed_by_playwright(on):
    """Without any, Playwright downloads its own."""
    machine = on(Machine(installs={"playwright": "/cache/chrome"}))

    assert chromium.ensure() == "/cache/chrome"
    assert machine.commands == [PLAYWRIGHT_INSTALL]


@pytest.mark.parametrize(
    "downloads",
    [
        pytest.param({}, id="the download fails"),
        pytest.param({"playwright": "/cache/lacks-libraries"}, id="the download does not run"),
    ],
)
def test_installed_by_apt(on, downloads):
    """Where Playwright's does not come or does not run, root takes the distribution's package."""
    apt = {"apt": "/usr/bin/chromium"}
    machine = on(Machine("/usr/bin/apt-get", installs=downloads | apt, uid=0))

    assert chromium.ensure() == "/usr/bin/chromium"
    assert machine.commands == [PLAYWRIGHT_INSTALL, ["/usr/bin/apt-get", "update"], APT_INSTALL]


@pytest.mark.parametrize(
    ("programs", "uid"),
    [
        pytest.param(["/usr/bin/apt-get"], 1000, id="not root"),
        pytest.param([], 0, id="not Debian"),
        pytest.param(["/usr/bin/apt-get"], 0, id="no network"),
    ],
)
def test_nothing_helps(on, programs, uid):
    """When nothing can be installed, the sentence names the ways out."""
    on(Machine(*programs, uid=uid))

    with pytest.raises(chromium.NoChromiumError, match=r"install the package chromium .* or name an executable"):
        chromium.ensure()


def test_runs(tmp_path):
    """A candidate counts if it answers --version."""
    stub = tmp_path / "chromium-browser"
    stub.write_text("#!/bin/sh\necho 'install the snap instead' >&2\nexit 1\n")
    stub.chmod(0o755)

    assert chromium.runs(sys.executable)
    assert not chromium.runs(str(stub))
    assert not chromium.runs(str(tmp_path / "absent"))


def test_command_line(tmp_path):
    """`python -m tests.browser.chromium` prints the path alone, or the sentence and a non-zero status."""

    def ask(path: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "tests.browser.chromium"]
        root = Path(__file__).resolve().parents[2]
        env = os.environ | {chromium.VARIABLE: path}
        asked = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
        return asked.returncode, asked.stdout + asked.stderr

    absent = str(tmp_path / "absent")
    assert ask(sys.executable) == (0, f"{sys.executable}\n")
    assert ask(absent) == (1, f"BGSYNC_CHROMIUM names {absent!r}, which does not run.\n")
