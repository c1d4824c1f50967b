"""Applying items: the only place that runs handlers.

A try has two commits. The claim comes first (the receipt carries it, or `take` makes it), so that a process that dies
leaves a trace. Then one transaction holds the handlers' writes, the items' new states and the attempts: a database
effect happens exactly once or not at all. Items share that transaction for at most `SHARED_SECONDS`; whatever breaks a
shared one is sorted out with each item alone.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils import timezone

from django_bgsync import database, lanes, ledger
from django_bgsync.announcements import announce
from django_bgsync.enums import CLIENT_HANDS, Hand, ItemState, Mode, Outcome
from django_bgsync.execution import Surroundings, run
from django_bgsync.handlers import Handler, registry
from django_bgsync.milestones import Milestone, reach
from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem, SyncTag
from django_bgsync.runners import calls
from django_bgsync.verdicts import Verdict, describe, judge, lost

FRESH_CLAIM = timedelta(seconds=5)
"""So long a claim counts as being worked on even if its row is not locked (yet)."""
SHARED_SECONDS = 0.25
"""So long handlers share a transaction: the locks of the first are held until the commit of all."""
RECHECK_HELD = timedelta(minutes=1)
HOST = socket.gethostname()[:80]

logger = logging.getLogger("django_bgsync")


@dataclass(frozen=True, kw_only=True, slots=True)
class Try:
    """Who picks items up, because of which delivery (None, or one that a pure replay never stored), until when, and
    with which handlers.
    """

    hand: Hand
    delivery: Delivery | None = None
    deadline: float | None = None
    """By `time.monotonic()`: no handler is started after it."""
    handlers: Mapping[str, Handler] = field(default_factory=lambda: registry)
    user: Any = None
    """Of the session, if there is one: need not be looked up."""

    @property
    def is_over(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline


@dataclass(frozen=True, slots=True)
class Claim:
    """An item that is this process's to try, with the mark that says so in the committed row."""

    row: SyncItem
    handler: Handler
    mark: tuple[str, int, datetime | None]

    @classmethod
    def on(cls, row: SyncItem, handler: Handler) -> Claim:
        return cls(row, handler, mark_of(row))


def mark_of(row: SyncItem) -> tuple[str, int, datetime | None]:
    return (row.state, row.attempts, row.claimed_at)


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
        waiting = lanes.release(rows)
    if waiting:
        calls.call()
    return changed


def apply(claims: Sequence[Claim], by: Try) -> list[SyncItem]:
    """Run the handlers of claimed items, in order. Returns the rows that were settled or held.

    Missing are those whose claim somebody else took over, and those for which the time ran out: these are given back.
    """
    changed: list[SyncItem] = []
    left = list(claims)
    while left and not by.is_over:
        harvest = _apply_together(left, by) if len(left) > 1 else _apply_alone(left[0], by)
        changed += harvest.rows
        left = harvest.left
    if left:
        _give_back(left)
        calls.call()
    elif retries := [row.next_at for row in changed if row.state == ItemState.WAITING and row.next_at]:
        calls.call_at(min(retries))
    return changed


@database.persistent
def take(pks: Iterable[UUID], by: Try, *, alone: bool = False) -> tuple[list[Claim], list[UUID]]:
    """Claim the due items among these, in a commit of its own. Returns the claims, and the keys of the suspects.

    A claim older than `FRESH_CLAIM` whose row nobody locks belongs to a process that is gone: that try is written down
    as lost. Items with a lost try are suspects: they are claimed one at a time (`alone`) just before they are tried,
    so that an item that kills its process takes no other with it.
    """
    paused = SyncTag.objects.using(database.alias()).paused()
    with database.atomic():
        now = timezone.now()
        # What somebody is at is not even locked here: that would keep it from the one who is.
        unclaimed = ledger.items().unclaimed(now - FRESH_CLAIM).locked(pks)
        due = [row for row in unclaimed if _is_free(row, by, paused, now)]
        rows = [row for row in due if not _is_for_workers(row, by)]
        if len(rows) < len(due):
            calls.call()
        lost_rows = [row for row in rows if row.claimed_at is not None]
        _write_lost(lost_rows, by.handlers, now)
        rows = [row for row in rows if not row.is_finished]
        takable = [row for row in rows if alone or not row.lost]
        ledger.items().filter(pk__in=[row.pk for row in takable]).claim(now, by.hand)
    for row in takable:
        row.attempts += 1
        row.claimed_at = now
    announce(lost_rows)
    claims = [Claim.on(row, by.handlers[row.tag_id]) for row in takable]
    return claims, [row.pk for row in rows if row.lost and not alone]


def _is_free(row: SyncItem, by: Try, paused: set[str], now: datetime) -> bool:
    handler = by.handlers.get(row.tag_id)
    if handler is None or row.tag_id in paused or row.is_finished or row.next_at is None or row.next_at > now:
        return False
    return row.claimed_at is None or now - row.claimed_at >= FRESH_CLAIM


def _is_for_workers(row: SyncItem, by: Try) -> bool:
    return by.handlers[row.tag_id].mode == Mode.BACKGROUND and by.hand in CLIENT_HANDS


def _write_lost(rows: list[SyncItem], handlers: Mapping[str, Handler], now: datetime) -> None:
    """Write down the tries of processes that are gone, under the hands that made them."""
    if not rows:
        return
    deliveries = Delivery.objects.in_bulk([row.delivery_id for row in rows if row.claimed_by == Hand.RECEIPT])
    attempts = []
    for row in rows:
        delivery = deliveries.get(row.delivery_id) if row.claimed_by == Hand.RECEIPT else None
        gone = Try(hand=Hand(row.claimed_by), delivery=delivery)
        verdict = lost(row, handlers[row.tag_id], now)
        attempts.append(_settle(row, verdict, gone, started_at=row.claimed_at, duration=None))
    ledger.write_back(rows, attempts)


def _apply_together(claims: list[Claim], by: Try) -> _Harvest:
    try:
        return _transact(claims, by)
    except Exception:
        # The transaction is gone with everything in it: a conflict of the database, a constraint checked at commit, a
        # handler that swallowed a deadlock. Whose fault it was shows when each is tried alone.
        logger.info("A shared transaction of %d items is done again item by item.", len(claims), exc_info=True)
    harvest = _Harvest()
    for position, claim in enumerate(claims):
        if by.is_over:
            harvest.left = claims[position:]
            break
        harvest.rows += _apply_alone(claim, by).rows
    return harvest


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
        for mine in _lock([claim]):
            row = _twin(mine.row)
            verdict = judge(error, row, mine.handler, timezone.now())
            harvest.attempts.append(_settle(row, verdict, by, started_at=row.claimed_at, duration=None))
            harvest.rows.append(row)
        ledger.write_back(harvest.rows, harvest.attempts)
    announce(harvest.rows)
    return harvest


def _transact(claims: list[Claim], by: Try) -> _Harvest:
    """One transaction: the effects, states and attempts of as many claims as it has time for."""
    with database.atomic():
        mine = _lock(claims)
        with database.witness():
            harvest = _run(mine, by)
        ledger.write_back(harvest.rows, harvest.attempts)
        harvest.left = _renew(harvest.left)
        reach(Milestone.BEFORE_APPLY_COMMIT)
    reach(Milestone.AFTER_APPLY_COMMIT)
    announce(harvest.rows)
    return harvest


def _lock(claims: list[Claim]) -> list[Claim]:
    """Lock the rows until the transaction ends. Returns the claims that still stand.

    Waits for those who lock them for a moment, and skips nobody: a duplicate that is being received keeps the rows
    that it finds on MariaDB locked until its commit, and a claim that is skipped is taken for lost after a while.
    """
    locked = ledger.items().locked([claim.row.pk for claim in claims], skip=False)
    marks = {pk: mark for pk, *mark in locked.values_list("pk", "state", "attempts", "claimed_at")}
    return [claim for claim in claims if marks.get(claim.row.pk) == list(claim.mark)]


def _run(claims: list[Claim], by: Try) -> _Harvest:
    harvest = _Harvest()
    around = Surroundings.of([claim.row for claim in claims], user=by.user, delivery=by.delivery)
    blocked = lanes.blocking([claim.row for claim in claims])
    started = time.monotonic()
    steps = _steps(claims)
    for step in steps:
        _run_step(step, by, around, blocked, harvest)
        if by.is_over or time.monotonic() - started > SHARED_SECONDS:
            break
    harvest.left = [claim for step in steps for claim in step]
    return harvest


def _steps(claims: list[Claim]) -> Iterator[list[Claim]]:
    """Claims that are run by one call: neighbours of one `many` handler, and otherwise each by itself."""

    def call(claim: Claim) -> tuple[str, UUID | None]:
        shared = claim.handler.many and lanes.predecessor(claim.row) is None
        return claim.row.tag_id, None if shared else claim.row.pk

    return (list(step) for _call, step in groupby(claims, key=call))


def _run_step(step: list[Claim], by: Try, around: Surroundings, blocked: set[UUID], harvest: _Harvest) -> None:
    rows = [_twin(claim.row) for claim in step]
    held = [row for row in rows if lanes.predecessor(row) in blocked]
    ready = [row for row in rows if lanes.predecessor(row) not in blocked]
    for row in held:
        _hold(row)
    started_at, clock = timezone.now(), time.monotonic()
    hooks = len(database.connection().run_on_commit)
    verdicts = run(step[0].handler, ready, around) if ready else []
    duration = time.monotonic() - clock
    attempts = [
        _settle(row, verdict, by, started_at=started_at, duration=duration)
        for row, verdict in zip(ready, verdicts, strict=True)
    ]
    _guard_callbacks(hooks, attempts)
    blocked.update(row.pk for row in rows if lanes.blocks(row))
    blocked.difference_update(row.pk for row in rows if not lanes.blocks(row))
    harvest.rows += rows
    harvest.attempts += attempts


def _twin(row: SyncItem) -> SyncItem:
    """A copy to write on: if the transaction fails, the row of the claim is still as it is in the database."""
    twin = SyncItem.__new__(SyncItem)
    twin.__dict__.update(row.__dict__)
    return twin


def _hold(row: SyncItem) -> None:
    """Behind an unfinished item: the claim does not count, and nothing is tried."""
    row.state = ItemState.HELD
    row.attempts -= 1
    row.claimed_at = None
    row.next_at = timezone.now() + RECHECK_HELD


def _settle(
    row: SyncItem, verdict: Verdict, by: Try, *, started_at: datetime | None, duration: float | None
) -> DeliveryAttempt:
    """Write the outcome of a try into the row, and make the attempt that tells of it."""
    row.state = verdict.state
    row.code = verdict.code
    row.result = verdict.result
    row.problem = verdict.problem
    row.next_at = verdict.next_at
    row.failures += verdict.failures
    row.lost += verdict.lost
    row.claimed_at = None
    row.finished_at = timezone.now() if row.is_finished else None
    return DeliveryAttempt(
        item_id=row.pk,
        tag_id=row.tag_id,
        client_id=row.client_id,
        delivery_id=by.delivery.pk if by.delivery and not by.delivery._state.adding else None,
        number=row.attempts,
        hand=by.hand,
        trigger=by.delivery.trigger if by.delivery else "",
        outcome=verdict.outcome,
        code=verdict.code,
        started_at=started_at,
        duration_ms=None if duration is None else round(duration * 1000),
        # Asked each time: the workers of a cluster are forks of a process that has this module loaded.
        worker="" if verdict.outcome == Outcome.LOST else f"{HOST}:{os.getpid()}",
        error=verdict.error,
        traceback=verdict.traceback,
    )


def _guard_callbacks(first: int, attempts: list[DeliveryAttempt]) -> None:
    """An exception in an on_commit callback comes after the commit: it must not reach the client, or the callbacks of
    other items. It is recorded on the attempts whose handler registered it.
    """
    callbacks: list[Any] = database.connection().run_on_commit
    for position in range(first, len(callbacks)):
        savepoints, callback, *others = callbacks[position]
        callbacks[position] = (savepoints, partial(_call_back, callback, attempts), *others)


def _call_back(callback: Callable[[], object], attempts: list[DeliveryAttempt]) -> None:
    try:
        callback()
    except Exception as error:
        text, traceback = describe(error)
        pks = [attempt.pk for attempt in attempts]
        DeliveryAttempt.objects.using(database.alias()).filter(pk__in=pks).update(error=text, traceback=traceback)
        logger.exception("An on_commit callback failed after its item was committed.")


def _renew(claims: list[Claim]) -> list[Claim]:
    """Fresh marks for those that wait their turn, so that nobody takes them for lost."""
    if not claims:
        return []
    now = timezone.now()
    ledger.items().filter(pk__in=[claim.row.pk for claim in claims]).update(claimed_at=now)
    for claim in claims:
        claim.row.claimed_at = now
    return [Claim.on(claim.row, claim.handler) for claim in claims]


def _give_back(claims: list[Claim]) -> None:
    """The time is over: these count as not tried, and are due at once."""
    for claimed_at, group in groupby(claims, key=lambda claim: claim.row.claimed_at):
        pks = [claim.row.pk for claim in group]
        ledger.items().unfinished().filter(pk__in=pks, claimed_at=claimed_at).give_back()
