"""A site with a past, and somebody who looks at its admin."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from .site import ROOT, Installation, Site

STRICT = "tests.browser.strict_settings"
LISTEN = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));"""


@contextmanager
def site_with_a_past(directory: Path, installation: Installation) -> Iterator[Site]:
    """The example under a strict policy, with a month behind it."""
    with Site(directory, installation, DJANGO_SETTINGS_MODULE=STRICT) as site:
        environment = installation.environment(site.database)
        subprocess.run([sys.executable, "-m", "tests.past"], cwd=ROOT, env=environment, check=True)
        yield site


class Operator:
    """An administrator's browser window. What goes wrong on a page is in `faults`."""

    def __init__(self, browser: Browser, site: Site, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en"} | options)
        self.context.add_init_script(LISTEN)
        self.page: Page = self.context.new_page()
        self.url = f"{site.url}/admin/"
        self.faults: list[str] = []
        self.clicks = 0
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(f"{self.url}login/?next=/admin/")
        self.page.fill("#id_username", "admin")
        self.page.fill("#id_password", "admin")
        self.page.press("#id_password", "Enter")
        self.page.wait_for_url(self.url)

    def open(self, path: str = "django_bgsync/") -> Page:
        self.page.goto(path if path.startswith("http") else f"{self.url}{path}", wait_until="load")
        return self.page

    def click(self, selector: str) -> None:
        """One click that leads to another page."""
        self.clicks += 1
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def search(self, text: str) -> None:
        """Type into the search field of the page, and click beside it."""
        self.page.fill("[role=search] [name=q]", text)
        self.click("[role=search] [type=submit]")

    @property
    def text(self) -> str:
        return self.page.inner_text("#content")

    @property
    def violations(self) -> list[str]:
        return self.page.evaluate("window.violations")

    def close(self) -> None:
        self.context.close()
