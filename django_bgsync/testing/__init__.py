"""What a project's own tests need: sending items as a device does, and letting processes end at the worst moments.

Everything works inside Django's TestCase, with its client or one derived from it. Only `kill_points` needs pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_bgsync.milestones import Milestone
from django_bgsync.testing.background import bgsync_inline
from django_bgsync.testing.deliveries import assert_applied_once, replay
from django_bgsync.testing.kills import Killed, killed_at

if TYPE_CHECKING:
    from django_bgsync.testing.fixtures import kill_points

__all__ = ["Killed", "Milestone", "assert_applied_once", "bgsync_inline", "kill_points", "killed_at", "replay"]


def __getattr__(name: str) -> Any:
    if name == "kill_points":
        from django_bgsync.testing import fixtures

        return fixtures.kill_points
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
