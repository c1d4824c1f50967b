"""How long operators had a tag paused: nothing could be tried meanwhile, so that time is nobody's fault."""

from __future__ import annotations

from datetime import datetime, timedelta

from django_bgsync import database
from django_bgsync.enums import ActionState, Operation
from django_bgsync.models import OperatorAction


def paused(tag: str, since: datetime, until: datetime) -> timedelta:
    """How much of this time the tag was paused, by what is kept of the operators' actions."""
    kinds = (Operation.PAUSE, Operation.RESUME, Operation.CLOSE)
    actions = OperatorAction.objects.using(database.alias()).filter(kind__in=kinds, state=ActionState.DONE, done__gt=0)
    total, began = timedelta(0), None
    for kind, selection, at in actions.order_by("finished_at").values_list("kind", "selection", "finished_at"):
        if selection.get("tag") != [tag] or at is None:
            continue
        if kind == Operation.PAUSE:
            began = at
        elif began is not None:
            total += _overlap(began, at, since, until)
            began = None
    return total if began is None else total + _overlap(began, until, since, until)


def _overlap(began: datetime, ended: datetime, since: datetime, until: datetime) -> timedelta:
    return max(timedelta(0), min(ended, until) - max(began, since))
