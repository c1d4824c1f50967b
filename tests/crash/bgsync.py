"""Handlers at which a process can be killed."""

from __future__ import annotations

import os
import signal

from django_bgsync import Item, sync_handler
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
