"""What Chromium itself says about its periodic sync events."""

from __future__ import annotations

from .engines.chromium import Chromium
from .waiting import wait_until

SERVICE = "periodicBackgroundSync"
ENDED = "periodicsync event completed"


class PeriodicLog:
    """DevTools' record, kept by a blank page, so that it outlives the site's pages and no worker is attached to."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        blank = chromium.new_page()
        blank.send("BackgroundService.startObserving", service=SERVICE)
        blank.send("BackgroundService.setRecording", service=SERVICE, shouldRecord=True)

    def await_events(self, count: int) -> None:
        """Return when so many more events have come to their end, whatever that was."""
        before = len(self.ended())
        wait_until(lambda: len(self.ended()) >= before + count, because=f"{count} more events", timeout=60)

    def ended(self) -> list[str]:
        """The tags of the events that have come to their end."""
        self._chromium.send("Browser.getVersion")  # reads what has been reported meanwhile
        reports = [
            event["params"] for event in self._chromium.events if event["method"].startswith("BackgroundService.")
        ]
        received = [report["backgroundServiceEvent"] for report in reports if "backgroundServiceEvent" in report]
        return [event["instanceId"] for event in received if event["eventName"].lower() == ENDED]
