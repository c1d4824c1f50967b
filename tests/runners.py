"""Runners that a test can look into."""

from __future__ import annotations

from django_bgsync.runners import Runner


class Recorder(Runner):
    """Keeps what it was told. One for all: `BGSYNC["RUNNER"]` is a path."""

    can_kick_later = True
    kicks: list[float] = []
    """Seconds from the call; 0 for now."""
    fault: Exception | None = None

    def kick(self) -> None:
        self.kick_later(0)

    def kick_later(self, seconds: float) -> None:
        if Recorder.fault:
            raise Recorder.fault
        Recorder.kicks.append(seconds)
