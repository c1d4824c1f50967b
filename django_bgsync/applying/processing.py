"""Applying items: the only place that runs handlers.

A try has two commits. The claim comes first (the receipt carries it, or `take` makes it), so that a process that dies
leaves a trace. Then one transaction holds the handlers' writes, the items' new states and the attempts: a database
effect happens exactly once or not at all. Items share that transaction for at most `SHARED_SECONDS`; whatever breaks a
shared one is sorted out with each item alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from uuid import UUID

from django.utils import timezone

from django_bgsync import database
from django_bgsync.applying import callbacks, lanes
from django_bgsync.applying.announcements import announce
from django_bgsync.applying.bindings import find_users
from django_bgsync.applying.claims import Claim, give_back, lock, renew, take
from django_bgsync.applying.execution import Surroundings, run
from django_bgsync.applying.tries import Try, hold, settle
from django_bgsync.applying.verdicts import judge
from django_bgsync.enums import ItemState
from django_bgsync.handlers import registry
from django_bgsync.milestones import Milestone, reach
from django_bgsync.models import DeliveryAttempt, SyncItem
from django_bgsync.rows import ledger
from django_bgsync.rows.moulds import twin
from django_bgsync.runners import calls

SHARED_SECONDS = 0.25
"""So long handlers share a transaction: the locks of the first are held until the commit of all."""

logger = logging.getLogger("django_bgsync")


@dataclass(kw_only=True, slots=True)
class _Harvest:
    """What one transaction commits, and the claims it did not get to."""

    rows: list[SyncItem] = field(default_factory=list)
    attempts: list[DeliveryAttempt] = field(default_factory=list)
    left: list[Claim] = field(default_factory=list)


def bring_forward(pks: Iterable[UUID], by: Try) -> list[SyncItem]:
    """Try those of these items that are due, and what their lanes release. Returns the rows that changed."""
    changed: list[SyncItem] = []
    waiting = list(pks)
    while waiting and not by.is_over:
        claims, suspects = take(waiting, by)
        rows = apply(claims, by)
        for pk in suspects:
            rows += apply(take([pk], by, alone=True)[0], by)
        changed += rows
        waiting = lanes.release(rows) + lanes.look_again(rows)
    if waiting:
        calls.call()
    return changed


def apply(claims: Sequence[Claim], by: Try) -> list[SyncItem]:
    """Run the handlers of claimed items, in order. Returns the rows that were settled or held.

    Missing are those whose claim somebody else took over, those for which the time ran out: these are given back, and
    those for which the database was gone when others were committed already: these keep their claims, or are due.
    """
    changed: list[SyncItem] = []
    left = list(claims)
    while left and not by.is_over:
        try:
            harvest = _apply_together(left, by) if len(left) > 1 else _apply_alone(left[0], by)
        except database.LOST:
            if not changed:
                raise
            logger.warning("The database is gone with %d items to go.", len(left), exc_info=True)
            return changed
        changed += harvest.rows
        left = harvest.left
    if left:
        give_back(left)
        calls.call()
    elif retries := [row.next_at for row in changed if row.next_at and _is_for_workers(row)]:
        calls.call_at(min(retries))
    return changed


def _is_for_workers(row: SyncItem) -> bool:
    """Whether a worker can try it again. A view under `idempotent` is run by its sender's next request only."""
    return row.state == ItemState.WAITING and row.tag_id in registry


def _apply_together(claims: list[Claim], by: Try) -> _Harvest:
    try:
        return _transact(claims, by)
    except Exception:
        # The transaction is gone with everything in it: a conflict of the database, a constraint checked at commit, a
        # handler that swallowed a deadlock. Whose fault it was shows when each is tried alone.
        logger.info("A shared transaction of %d items is done again item by item.", len(claims), exc_info=True)
    # Claimed anew, each just before its try: those that wait for a slow one would be taken for lost.
    give_back(claims)
    return _Harvest(rows=_one_by_one([claim.row.pk for claim in claims], by))


def _one_by_one(waiting: list[UUID], by: Try) -> list[SyncItem]:
    rows: list[SyncItem] = []
    while waiting and not by.is_over:
        try:
            for claim in take(waiting[:1], by, alone=True)[0]:
                rows += _apply_alone(claim, by).rows
        except database.LOST:
            if not rows:
                raise
            break  # what is committed counts
        del waiting[0]
    if waiting:
        calls.call()
    return rows


def _apply_alone(claim: Claim, by: Try) -> _Harvest:
    try:
        return database.persistent(_transact)([claim], by)
    except Exception as error:
        return _record_failure(claim, by, error)


@database.persistent
def _record_failure(claim: Claim, by: Try, error: Exception) -> _Harvest:
    """The whole transaction failed, and not as the handler's savepoint: write it down in another one."""
    harvest = _Harvest()
    with database.atomic():
        for mine in lock([claim]):
            row = twin(mine.row)
            now = timezone.now()
            verdict = judge(error, row, mine.handler, now)
            harvest.attempts.append(settle(row, verdict, by, now, started_at=row.claimed_at, duration=None))
            harvest.rows.append(row)
        ledger.write_back(harvest.rows, harvest.attempts)
    announce(harvest.rows)
    return harvest


def _transact(claims: list[Claim], by: Try) -> _Harvest:
    """One transaction: the effects, states and attempts of as many claims as it has time for."""
    with database.atomic():
        parts = database.Parts()
        mine = lock(claims, parts)
        find_users(claim.row for claim in mine)
        with database.witness():
            harvest = _run(mine, by, parts)
        ledger.write_back(harvest.rows, harvest.attempts)
        harvest.left = renew(harvest.left)
        reach(Milestone.BEFORE_APPLY_COMMIT)
    reach(Milestone.AFTER_APPLY_COMMIT)
    announce(harvest.rows)
    return harvest


def _run(claims: list[Claim], by: Try, parts: database.Parts) -> _Harvest:
    harvest = _Harvest()
    around = Surroundings.of([claim.row for claim in claims], parts, user=by.take_user(), delivery=by.delivery)
    blocked = lanes.blocking([claim.row for claim in claims])
    started = time.monotonic()

    def is_over() -> bool:
        return by.is_over or time.monotonic() - started > SHARED_SECONDS

    steps = _steps(claims)
    for step in steps:
        harvest.left += _run_step(step, by, around, blocked, harvest, is_over)
        if is_over():
            break
    harvest.left += [claim for step in steps for claim in step]
    return harvest


def _steps(claims: list[Claim]) -> Iterator[list[Claim]]:
    """Claims that are run by one call: neighbours of one `many` handler, and otherwise each by itself."""

    def call(claim: Claim) -> tuple[str, UUID | None]:
        row = claim.row
        return row.tag_id, None if claim.handler.many and not (row.lane and row.after) else row.id

    return (list(step) for _call, step in groupby(claims, key=call))


def _run_step(
    step: list[Claim],
    by: Try,
    around: Surroundings,
    blocked: set[UUID],
    harvest: _Harvest,
    is_over: Callable[[], bool],
) -> list[Claim]:
    """Returns the claims for which the time did not suffice."""
    rows = [twin(claim.row) for claim in step]
    held = [row for row in rows if row.lane and lanes.predecessor(row) in blocked]
    waiting = {row.id for row in held}
    ready = [row for row in rows if row.id not in waiting] if held else rows
    for row in held:
        hold(row)
    started_at, clock = timezone.now(), time.monotonic()
    hooks = len(around.parts.callbacks)
    verdicts = run(step[0].handler, ready, around, is_over) if ready else []
    duration, now = time.monotonic() - clock, timezone.now()
    attempts = [
        settle(row, verdict, by, now, started_at=started_at, duration=duration)
        for row, verdict in zip(ready, verdicts, strict=False)
    ]
    late = {row.id for row in ready[len(verdicts) :]}
    rows = [row for row in rows if row.id not in late] if late else rows
    callbacks.guard(around.parts.callbacks, hooks, attempts)
    for row in rows:
        if row.lane:
            (blocked.add if lanes.blocks(row) else blocked.discard)(row.id)
    harvest.rows += rows
    harvest.attempts += attempts
    return [claim for claim in step if claim.row.id in late] if late else []
