"""A display for WebKitGTK, which has no headless mode."""

from __future__ import annotations

import os
import shutil
import subprocess

SWITCHES = ("-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp")


class Display:
    """An X server without a screen. `environment` is what programs need to draw on it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [shutil.which("Xvfb") or "Xvfb", *SWITCHES],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        number = self._process.stdout.readline().decode().strip()  # written when the display can be used
        assert number, "Xvfb did not start"
        self.environment = {**os.environ, "GDK_BACKEND": "x11", "DISPLAY": f":{number}"}

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)
