"""Sites that do something of their own with service workers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

IMPORTING = 'importScripts("/bgsync/worker.js"); self.addEventListener("fetch", () => {});'
REGISTER_THEIRS = "navigator.serviceWorker.register('/their-worker.js').then(() => navigator.serviceWorker.ready)"
EXTENSION = """{% extends "django_bgsync/service_worker.js" %}
{% block extra %}
// release RELEASE
bgsync.configure({skipWaiting: SKIPS});
if (!SKIPS) self.addEventListener("fetch", () => {});
{% endblock %}"""


def service_workers(directory: Path, *, theirs: str = "", **options: Any) -> dict[str, str]:
    """Environment of a site with these options in BGSYNC["SERVICE_WORKER"], and `theirs` at /their-worker.js."""
    (directory / "templates").mkdir(exist_ok=True)
    return {
        "DJANGO_SETTINGS_MODULE": "tests.browser.site_settings",
        "SERVICE_WORKER": json.dumps(options),
        "THEIR_WORKER": theirs,
        "TEMPLATES": str(directory / "templates"),
    }


def extend_worker(directory: Path, release: str, *, waits: bool = True) -> None:
    """Put a release of the project's own code into our worker, with a fetch handler if it is to wait for the pages.

    A running site has to be restarted.
    """
    template = directory / "templates" / "django_bgsync" / "service_worker.js"
    template.parent.mkdir(exist_ok=True, parents=True)
    template.write_text(EXTENSION.replace("RELEASE", release).replace("SKIPS", "false" if waits else "true"))
