"""Whether a page or the worker is at a flush: whoever comes meanwhile leaves it to that, and tries nothing itself."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from .waiting import wait_until

LOCKS = "navigator.locks.query().then(({held}) => held.map(({name}) => name))"


class Bystander(Protocol):
    """A tab of the site's origin without our script."""

    def goto(self, url: str) -> Any: ...

    def evaluate(self, expression: str) -> Any: ...


B = TypeVar("B", bound=Bystander)


def watch(tab: B, url: str) -> B:
    """Take a tab for looking on."""
    tab.goto(f"{url}/static/example/icon.svg")
    return tab


def await_idle(bystander: Bystander) -> None:
    """Return when nobody is at a flush."""
    wait_until(lambda: "bgsync:flush" not in bystander.evaluate(LOCKS), because="nobody flushes")
