"""Which engines this machine has, and getting the others where that can be done.

`python -m tests.browser.engines.installed` installs what it can and says which engines the tests will meet; with
`--report` it installs nothing.
With `BGSYNC_TEST_ENGINES=all` in the environment it is an error to miss one.
"""

from __future__ import annotations

import functools
import glob
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.browser import chromium

from .chromium import Chromium
from .firefox import Firefox
from .page import Browser
from .webkit import WebKit

VARIABLE = "BGSYNC_TEST_ENGINES"
FIREFOX = ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox")
MINIBROWSERS = ("/usr/lib/*/webkit2gtk-4.*/MiniBrowser", "/usr/libexec/webkit2gtk-4.*/MiniBrowser")
PACKAGES = {"chromium": ["chromium"], "firefox": ["firefox-esr"], "webkit": ["webkit2gtk-driver", "xvfb"]}
TITLES = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKitGTK"}

# Makes a browser of a directory for its profile and "host:port" of a proxy that knows the insecure host's address.
Launcher = Callable[[Path, str], Browser]


@functools.cache
def launcher(name: str) -> Launcher | None:
    """How to make a browser with this engine, None if this machine has none."""
    return {"chromium": _chromium, "firefox": _firefox, "webkit": _webkit}[name]()


def installed() -> list[str]:
    """The engines that this machine has, by name."""
    return [name for name in TITLES if launcher(name)]


def install(name: str) -> None:
    """Install the engine from the distribution, which only root can; Chromium also otherwise, and never without."""
    if name == "chromium":
        chromium.ensure()
    elif os.geteuid() == 0 and (apt := shutil.which("apt-get")):
        commands = [[apt, "update"], [apt, "install", "--yes", "--no-install-recommends", *PACKAGES[name]]]
        _ = all(chromium.succeeds(command) for command in commands)
    launcher.cache_clear()


def report() -> list[str]:
    """One line an engine: whether the tests meet it, else what to install."""
    return [
        f"met:     {title}" if launcher(name) else f"not met: {title} (install {' and '.join(PACKAGES[name])})"
        for name, title in TITLES.items()
    ]


def main(arguments: list[str]) -> None:
    """Exits with 1 if there is no Chromium, or if all engines were wanted and one is missing."""
    try:
        for name in TITLES:
            if not launcher(name) and "--report" not in arguments:
                install(name)
    except chromium.NoChromiumError as error:
        sys.exit(str(error))
    print("\n".join(report()))
    if os.environ.get(VARIABLE) == "all" and len(installed()) < len(TITLES):
        sys.exit(1)


def _chromium() -> Launcher | None:
    path = chromium.find()
    return path and (lambda directory, _: Chromium(path, directory))


def _firefox() -> Launcher | None:
    path = next(filter(chromium.runs, filter(None, map(shutil.which, FIREFOX))), None)
    return path and (lambda directory, _: Firefox(path, directory))


def _webkit() -> Launcher | None:
    driver = shutil.which("WebKitWebDriver")
    browser = next((path for pattern in MINIBROWSERS for path in sorted(glob.glob(pattern), reverse=True)), None)
    if not (driver and browser and shutil.which("Xvfb")):
        return None
    return lambda directory, names_at: WebKit(driver, browser, directory, names_at=names_at)


if __name__ == "__main__":
    main(sys.argv[1:])
