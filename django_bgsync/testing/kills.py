"""Letting a process end, as far as one process can tell: nothing after the point is done, nothing open is committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from django.utils import timezone

from django_bgsync import database
from django_bgsync.applying.claims import FRESH_CLAIM
from django_bgsync.milestones import Milestone, watched
from django_bgsync.rows import ledger

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE")


class Killed(BaseException):
    """Stands for SIGKILL: no `except Exception` on its way stops it."""


@contextmanager
def killed_at(milestone: Milestone) -> Iterator[None]:
    """Leave the block at the first item that reaches the milestone, and let the time pass after which its claim counts
    as lost. Nothing happens if none reaches it.
    """
    with ExitStack() as inside, watched(_killer(Milestone(milestone), inside)), suppress(Killed):
        yield
    claimed = ledger.items().filter(claimed_at__isnull=False)
    claimed.update(claimed_at=timezone.now() - 2 * FRESH_CLAIM)


def _killer(milestone: Milestone, inside: ExitStack) -> Callable[[Milestone], None]:
    def watch(reached: Milestone) -> None:
        if reached is milestone:
            raise Killed(milestone)
        if milestone is Milestone.INSIDE_HANDLER:
            if reached is Milestone.BEFORE_HANDLER:
                inside.enter_context(database.connection().execute_wrapper(_kill_after_a_write))
            if reached is Milestone.AFTER_HANDLER:
                inside.close()

    return watch


def _kill_after_a_write(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    result = execute(sql, params, many, context)
    if str(sql).lstrip()[:7].upper().startswith(_WRITES):
        raise Killed(Milestone.INSIDE_HANDLER)
    return result
