"""Handlers that run in workers."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django_bgsync import Item, sync_handler
from tests.app.models import Effect
from tests.app.steps import STEPS


@sync_handler("job", mode="background", max_attempts=3)
def follow_later(item: Item) -> Any:
    """Does at each try what the payload, a list of steps, says for it; after the last step that one again."""
    Effect.objects.create(item=item.id)
    step = item.payload[min(item.attempt, len(item.payload)) - 1]
    return STEPS[step](item)


@sync_handler("gate", mode="background", max_attempts=3)
def pass_gate(item: Item) -> str:
    """Leaves the number of its process in the directory that the payload names, and goes on when `open` is there."""
    Effect.objects.create(item=item.id)
    directory = Path(item.payload)
    announcement = directory / f"{item.id}.new"
    announcement.write_text(str(os.getpid()))
    announcement.rename(directory / str(item.id))
    while not (directory / "open").exists():
        time.sleep(0.01)
    return "passed"
