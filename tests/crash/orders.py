"""Orders to die: a file that says at which milestone, and at which of its visits, a process has to kill itself.

The file is gone before the process is, so an order is carried out once.
"""

from __future__ import annotations

import os
import signal
from itertools import count
from pathlib import Path

FOLDER = "CRASH_FOLDER"
HANDING_OVER = "between-commit-and-enqueue"


def give(folder: Path, milestone: str, visit: int = 1) -> None:
    order = folder / "new-order"
    order.write_text(f"{milestone} {visit}")
    order.rename(folder / "order")


def is_open(folder: Path) -> bool:
    return (folder / "order").exists()


class Watcher:
    """Carries out the order of this process's folder."""

    def __init__(self) -> None:
        self.order = Path(os.environ[FOLDER]) / "order"
        self.visits: dict[str, count[int]] = {}

    def __call__(self, milestone: str) -> None:
        if not self.order.exists():
            self.visits.clear()
            return
        wanted, _, visit = self.order.read_text().partition(" ")
        if milestone == wanted and next(self.visits.setdefault(wanted, count(1))) == int(visit):
            self.order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
