"""The Chromium that the browser tests drive: found, else installed, else one sentence about what is missing.

`python -m tests.browser.chromium` prints its path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

VARIABLE = "BGSYNC_CHROMIUM"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright as start\n"
    "with start() as playwright: print(playwright.chromium.executable_path)"
)
INSTALL_SECONDS = 900

Command = list[str]


class NoChromiumError(RuntimeError):
    """There is no Chromium, and none could be installed."""


def ensure() -> str:
    """The path of a Chromium that runs, installed if need be. Raises NoChromiumError."""
    if path := find():
        return path
    for commands in installations():
        if all(succeeds(command) for command in commands) and (path := find()):
            return path
    raise NoChromiumError(
        "The browser tests need Chromium and could not install it: install the package chromium (or Google Chrome), "
        f"or run 'python -m playwright install --with-deps chromium', or name an executable in {VARIABLE}."
    )


def find() -> str | None:
    """The path of a Chromium that runs: the one in BGSYNC_CHROMIUM, the system's, Playwright's, or None."""
    if named := os.environ.get(VARIABLE):
        if runs(named):
            return named
        raise NoChromiumError(f"{VARIABLE} names {named!r}, which does not run.")
    return next(filter(runs, candidates()), None)


def candidates() -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))
    yield playwrights_own()


def playwrights_own() -> str:
    """Where Playwright keeps its Chromium, whether it is there or not; "" if Playwright cannot tell."""
    # In a process of its own: Playwright refuses to start twice, and the tests may have started it.
    asked = subprocess.run([sys.executable, "-c", ASK_PLAYWRIGHT], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def runs(path: str) -> bool:
    """Whether it is a program that answers; Ubuntu's "chromium-browser" may only tell you to install a snap."""
    try:
        asked = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def installations() -> Iterator[list[Command]]:
    """What to try, in this order, where there is none."""
    yield [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and (apt := shutil.which("apt-get")):
        yield [[apt, "update"], [apt, "install", "--yes", "--no-install-recommends", "chromium"]]


def succeeds(command: Command) -> bool:
    """Run it with its output on the error stream, for the path alone is to stand on the other."""
    try:
        return subprocess.run(command, stdout=2, timeout=INSTALL_SECONDS, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    try:
        print(ensure())
    except NoChromiumError as error:
        sys.exit(str(error))
