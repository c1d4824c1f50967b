"""Hands the site what comes for its path, as a server does that has several."""

from collections.abc import Iterable
from typing import Any

PREFIX = "/site"


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if not path.startswith(f"{PREFIX}/"):
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"Another site"]
    from example_project.wsgi import application as site  # it reads the settings, which read the path from here

    return site({**environ, "SCRIPT_NAME": PREFIX, "PATH_INFO": path.removeprefix(PREFIX)}, start_response)
