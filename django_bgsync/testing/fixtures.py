"""The pytest fixture. Import it into your conftest.py: `from django_bgsync.testing import kill_points`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from django_bgsync.milestones import Milestone
from django_bgsync.testing.deliveries import assert_applied_once, replay
from django_bgsync.testing.kills import killed_at


@pytest.fixture(params=list(Milestone), ids=str)
def kill_points(request: pytest.FixtureRequest) -> Callable[..., list[dict[str, Any]]]:
    """A function that delivers items, lets the process end on the way, delivers them again and asserts that each is
    applied once. A test that asks for it runs once for each point.
    """

    def survive(client: Client, *items: dict[str, Any], **envelope: Any) -> list[dict[str, Any]]:
        with killed_at(request.param):
            replay(client, *items, **envelope)
        return assert_applied_once(client, *items, **envelope)

    return survive
