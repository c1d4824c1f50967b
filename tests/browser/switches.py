"""The command line of Chromium under test."""

from __future__ import annotations

# Chromium's own timers of one-off sync, in seconds. Stock values are five minutes, then fifteen,
# and three tries: retries come every second here, and as often as a slow machine needs.
# Periodic sync comes every twelve hours, or a multiple of that for sites that are little used.
# Names: content/public/browser/background_sync_parameters.cc
SYNC_TIMERS = {
    "initial_retry_delay_sec": 1,
    "retry_delay_factor": 1,
    "min_periodic_sync_events_interval_sec": 2,
}
ATTEMPTS = ("max_sync_attempts", "max_sync_attempts_with_notification_permission")

# A name that is not a "potentially trustworthy" origin, so pages there have no service worker,
# no Web Locks and no randomUUID, as a phone has that opens a laptop's address.
INSECURE_HOST = "site.test"


def switches(*, attempts: int = 100) -> list[str]:
    """For a Chromium that calls a worker so many times for one sync; the last time it says so."""
    timers = SYNC_TIMERS | dict.fromkeys(ATTEMPTS, attempts)
    return [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",  # the browser account's sync, not Background Sync
        f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1",
        "--force-fieldtrials=BackgroundSync/Tests",
        "--force-fieldtrial-params=BackgroundSync.Tests:"
        + "/".join(f"{name}/{value}" for name, value in timers.items()),
    ]
