"""What the browser itself says about its sync events."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from playwright.sync_api import BrowserContext

from .waiting import wait_until


class SyncLog:
    """DevTools' record of one-off sync, kept by a blank page, so that it outlives the site's pages.

    Event names are Chromium's: "Registered sync", "Dispatched sync event", "Sync event failed",
    "Sync completed".
    """

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> SyncLog:
        self._page = self._context.new_page()
        session = self._context.new_cdp_session(self._page)
        session.on("BackgroundService.backgroundServiceEventReceived", self._keep)
        session.send("BackgroundService.startObserving", {"service": "backgroundSync"})
        session.send("BackgroundService.setRecording", {"service": "backgroundSync", "shouldRecord": True})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None) -> None:
        self._page.close()

    def names(self, tag: str) -> list[str]:
        return [event["eventName"].lower() for event in self.events if event["instanceId"] == tag]

    def wait_for(self, name: str, tag: str, *, times: int = 1, timeout: float = 20) -> None:
        """Return when the browser has reported `name` for `tag` so many times."""
        wait_until(
            lambda: self.names(tag).count(name) >= times,
            because=f"{times} × {name!r} for {tag!r} in {self.events}",
            timeout=timeout,
            tick=lambda seconds: self._page.wait_for_timeout(seconds * 1000),
        )

    def _keep(self, message: dict[str, Any]) -> None:
        self.events.append(message["backgroundServiceEvent"])
