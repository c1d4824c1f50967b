"""A runner whose queue is not in the database of the items."""

from __future__ import annotations

from django_bgsync.milestones import reach
from django_bgsync.runners import Runner
from tests.crash.orders import HANDING_OVER


class DistantRunner(Runner):
    """The kick gets lost, whether its process survives it or not."""

    def kick(self) -> None:
        reach(HANDING_OVER)  # type: ignore[arg-type]  # a milestone of the runner's own
