"""Handlers at which a process can be killed."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from django_bgsync import Item, Rejected, sync_handler
from django_bgsync.applying.processing import SHARED_SECONDS
from django_bgsync.milestones import Milestone, reach
from tests.app.models import Effect


@sync_handler("brittle", max_attempts=3)
@sync_handler("brittle-job", mode="background", max_attempts=3)
def write(item: Item) -> str:
    Effect.objects.create(item=item.id)
    reach(Milestone.INSIDE_HANDLER)
    Effect.objects.filter(item=item.id).update(seen={"finished": True})
    return "written"


@sync_handler("poison", max_attempts=3)
def kill(item: Item) -> None:
    """No process survives this item."""
    Effect.objects.create(item=item.id)
    os.kill(os.getpid(), signal.SIGKILL)


@sync_handler("gated")
def wait_inside(item: Item) -> str:
    """Says in the directory that the payload names that it is inside, and goes on when `open` is there."""
    effect = Effect.objects.create(item=item.id)
    directory = Path(item.payload)
    (directory / str(item.id)).touch()
    while not (directory / "open").exists():
        time.sleep(0.01)
    effect.save()
    return "passed"


@sync_handler("refused")
def refuse(item: Item) -> None:
    Effect.objects.create(item=item.id)
    raise Rejected("Sold out.")


@sync_handler("slow")
def take_long(item: Item) -> str:
    """Longer than handlers may share a transaction."""
    Effect.objects.create(item=item.id)
    time.sleep(SHARED_SECONDS + 0.1)
    return "slow"
