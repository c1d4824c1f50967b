"""Calling workers: not once for each item, but once until one has come.

Two marks, rows that all processes share, say that a worker was called and has not come yet (`CALLED`), and for when
one is booked (`BOOKED`). A worker takes back the first before it looks at what is due, and a caller looks at it after
its items are committed: so either the worker sees the items, or the caller calls again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from django_bgsync import database, runners
from django_bgsync.models import Heartbeat
from django_bgsync.runners import Runner
from django_bgsync.upkeep import heartbeats

CALLED = "called"
BOOKED = "booked"
PATIENCE = timedelta(minutes=1)
"""After so long without a worker, the call counts as lost."""
HORIZON = timedelta(seconds=90)
"""Retries farther off are left to the sweeper."""
SLACK = timedelta(seconds=1)
"""A worker that comes so much later than wanted is early enough."""

logger = logging.getLogger("django_bgsync")


IsFree = Callable[[datetime], bool]


def call() -> None:
    """Something is due: have a worker look, unless one was called and has not come yet.

    In a transaction, the call becomes part of it if the runner can do that, and otherwise waits for the commit.
    """
    alias = database.alias()
    waits = database.connection().in_atomic_block
    is_called = _attempt(lambda runner: (runner.is_within(alias) or not waits) and _call(runner))
    if waits and not is_called:
        transaction.on_commit(call, using=alias)


def call_at(due: datetime) -> None:
    """Something will be due: have a worker look then, if that is soon."""
    if due <= timezone.now() + HORIZON:
        _attempt(lambda runner: _book(runner, due))


def answered() -> None:
    """A worker has come: whoever has something to do from now on must call again."""
    rows = Heartbeat.objects.using(database.alias())
    rows.filter(pk=CALLED, beat_at__gt=heartbeats.NEVER).update(beat_at=heartbeats.NEVER)


def _call(runner: Runner) -> bool:
    now = timezone.now()
    return runner.can_kick and _once(runner, runner.kick, CALLED, now, lambda mark: mark <= now - PATIENCE)


def _book(runner: Runner, due: datetime) -> bool:
    now = timezone.now()

    def kick() -> None:
        runner.kick_later(max(0.0, (due - now).total_seconds()))

    return runner.can_kick_later and _once(runner, kick, BOOKED, due, lambda mark: not now < mark <= due + SLACK)


def _once(runner: Runner, kick: Callable[[], None], name: str, moment: datetime, is_free: IsFree) -> bool:
    """Set the mark and kick, both or none. False if the mark is set."""
    alias = database.alias()
    if not is_free(_read(name)):
        return False
    if runner.is_within(alias):
        with transaction.atomic(using=alias):
            if is_mine := _mark(name, moment, is_free):
                kick()
        return is_mine
    if is_mine := _mark(name, moment, is_free):
        try:
            kick()
        except BaseException:
            Heartbeat.objects.using(alias).filter(pk=name).update(beat_at=heartbeats.NEVER)
            raise
    return is_mine


def _read(name: str) -> datetime:
    """Most calls end after this look, without a lock."""
    marks = Heartbeat.objects.using(database.alias()).filter(pk=name).values_list("beat_at", flat=True)
    if (mark := marks.first()) is not None:
        return mark
    heartbeats.prepare(name)
    return heartbeats.NEVER


def _mark(name: str, moment: datetime, is_free: IsFree) -> bool:
    """Whoever finds the row locked leaves the call to the one who locks it, and does not wait for its transaction."""
    alias = database.alias()
    skip = database.connection().features.has_select_for_update_skip_locked
    with transaction.atomic(using=alias):
        rows = Heartbeat.objects.using(alias).select_for_update(skip_locked=skip)
        row = rows.filter(pk=name).first()
        if row is None or not is_free(row.beat_at):
            return False
        row.beat_at = moment
        row.save(using=alias, update_fields=["beat_at"])
    return True


def _attempt(act: Callable[[Runner], bool]) -> bool:
    """A runner that fails is no reason to fail: what is due stays due. A transaction that is broken is one."""
    try:
        return act(runners.current())
    except Exception as error:
        connection = database.connection()
        if connection.in_atomic_block and (connection.needs_rollback or database.is_transient(error)):
            raise
        database.mend()
        logger.warning("No worker could be called. The sweeper will do the work.", exc_info=True)
        return False
