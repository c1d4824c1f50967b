"""What the tests of behaviour need of a browser, whichever engine it has."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from tests.browser.waiting import wait_until


class Page(ABC):
    """One tab."""

    is_closed = False

    @abstractmethod
    def evaluate(self, expression: str) -> Any:
        """The JSON value of a JavaScript expression, awaited if it is a promise. Raises AssertionError if it throws."""

    @abstractmethod
    def navigate(self, url: str) -> None:
        """Set out for another address; the page need not have been loaded on return."""

    @abstractmethod
    def choose(self, selector: str, path: Path) -> None:
        """Choose a file of this machine in a file control, as the browser's dialog does."""

    @abstractmethod
    def close_now(self) -> None: ...

    @abstractmethod
    def set_offline(self, is_offline: bool) -> None:
        """Cut this page off or connect it, `offline` and `online` events included; WebKit only pretends (see gaps)."""

    def close(self) -> None:
        """Return when the page is gone, with its clients and locks."""
        if not self.is_closed:
            self.is_closed = True
            self.close_now()

    def wait_for(self, expression: str, *, timeout: float = 30) -> Any:
        """The first true value of an expression; it may fail while a page is being loaded."""

        def look() -> Any:
            with contextlib.suppress(AssertionError):
                return self.evaluate(expression)

        return wait_until(look, because=expression, timeout=timeout)

    def goto(self, url: str) -> None:
        """Return when the page has loaded."""
        self.evaluate("void (window.isLeft = true)")
        self.navigate(url)
        self.wait_for("!window.isLeft && document.readyState === 'complete'")

    def reload(self) -> None:
        self.goto(self.evaluate("location.href"))


class Browser(ABC):
    """One profile, and the browser process that currently runs on it."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self._pages: list[Page] = []

    @abstractmethod
    def start(self) -> None:
        """Return when pages can be opened."""

    def open(self) -> Page:
        """A new tab, which is no client of any site yet."""
        page = self.new_page()
        self._pages.append(page)
        return page

    def close_pages(self) -> None:
        while self._pages:
            self._pages.pop().close()

    @abstractmethod
    def new_page(self) -> Page: ...

    @abstractmethod
    def quit(self) -> None:
        """Close as a user does, so that cookies reach the disk."""

    @abstractmethod
    def kill(self) -> None:
        """Every process of the browser at once, as the out-of-memory killer or a flat battery does."""
