"""What the browser tests say of the engines they have met and of those they have not."""

from __future__ import annotations

import pytest

from tests.browser.engines import installed


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The engines of this machine, on which nothing can be installed."""
    names = {"chromium", "firefox"}
    monkeypatch.setattr(installed, "launcher", lambda name: name in names or None)
    monkeypatch.setattr(installed, "install", lambda name: None)
    monkeypatch.delenv(installed.VARIABLE, raising=False)
    return names


def test_says_what_is_missing(here, capsys):
    """One line an engine, and for a missing one what to install."""
    installed.main([])
    assert capsys.readouterr().out.splitlines() == [
        "met:     Chromium",
        "met:     Firefox",
        "not met: WebKitGTK (install webkit2gtk-driver and xvfb)",
    ]


def test_all_wanted(here, monkeypatch):
    """Where every engine is wanted, missing one is an error, and having all of them is none."""
    monkeypatch.setenv(installed.VARIABLE, "all")
    with pytest.raises(SystemExit) as ended:
        installed.main([])
    assert ended.value.code == 1
    here.add("webkit")
    installed.main([])


def test_report_installs_nothing(here, monkeypatch):
    """The last lines of a test run only tell."""
    monkeypatch.setattr(installed, "install", lambda name: pytest.fail(f"{name} was installed"))
    installed.main(["--report"])
