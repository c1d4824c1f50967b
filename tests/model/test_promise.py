"""The promise under random histories. `BGSYNC_MODEL_EXAMPLES=1000` in the environment makes a long run of it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as profile
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import DAY, Promise

EXAMPLES = int(os.environ.get("BGSYNC_MODEL_EXAMPLES", "12"))


@pytest.mark.django_db
def test_promise(settings: Any) -> None:
    """Whatever devices, users, operators, clocks and kills do: every applied item has one effect, no other has any."""
    settings.SESSION_COOKIE_AGE = 10**9  # no session is over, however far the clock goes
    settings.BGSYNC = {
        "RUNNER": "django_bgsync.runners.none.NoRunner",
        "PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],  # visitors sync too
        "RETAIN_ITEMS": DAY,
        "RETAIN_PAYLOADS": DAY // 2,
    }
    bounds = profile(
        max_examples=EXAMPLES,
        derandomize="BGSYNC_MODEL_EXAMPLES" not in os.environ,  # new histories are for the long runs
        stateful_step_count=25,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # a failing history is told as it is: making it smaller takes minutes
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Promise, settings=bounds)
