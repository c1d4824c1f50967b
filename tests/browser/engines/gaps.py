"""What an engine cannot do, or what its driver cannot show of it, and why: the one list of it.

Every line is asserted in `test_gaps.py`: where an engine gains what it lacked, that test fails, and the line goes.
`docs/reference/browsers.md` says the same to users.
"""

from __future__ import annotations

BACKGROUND_SYNC = "background sync"
DISK = "a profile on disk"
OFFLINE = "going offline"
PRELOAD = "answering where a navigation preload has failed"
REPEATS = "repeating a POST by itself"
STORAGE_MANAGER = "navigator.storage"

GAPS: dict[str, dict[str, str]] = {
    "chromium": {},
    "firefox": {
        BACKGROUND_SYNC: "Not implemented: there is no SyncManager. Items wait for an open page.",
        PRELOAD: "Firefox (153) shows its own error page, whatever the worker answers. So ours does not preload there.",
    },
    "webkit": {
        BACKGROUND_SYNC: "Not implemented: there is no SyncManager. Items wait for an open page.",
        DISK: "WebKitGTK keeps what an automated session stores in memory, so no test can kill and restart it.",
        OFFLINE: "WebDriver has no command for it, so the page is told what the browser would tell it.",
        REPEATS: "It opens a new connection for each POST, so there is no broken one to repeat it on.",
        STORAGE_MANAGER: "Not implemented: storage cannot be made persistent.",
    },
}


def can(engine: str, ability: str) -> bool:
    return ability not in GAPS[engine]
