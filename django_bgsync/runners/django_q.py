"""django-q2: tasks for a `qcluster`, on any of its brokers.

Importing django_q reads its settings and may warn, so it is only done in functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.core import checks
from django.db import connections, router
from django.db.models import Model
from django.utils import timezone

from django_bgsync.models import Heartbeat
from django_bgsync.runners import Runner
from django_bgsync.upkeep import heartbeats, sweep

WORK = f"{__name__}.work"
SWEEP = f"{__name__}.sweep_up"
SCHEDULE = "django_bgsync: sweep"


def work() -> None:
    """What a kick runs in a worker."""
    sweep.work(_budget())


def sweep_up() -> None:
    """What the schedule runs in a worker."""
    sweep.sweep(_budget())


@dataclass(frozen=True, slots=True)
class _Delayed:
    """The ORM broker, but nobody may take its tasks before that time."""

    broker: Any
    due: datetime

    @property
    def list_key(self) -> str:
        return str(self.broker.list_key)

    def enqueue(self, task: str) -> Any:
        # A task that somebody works on is locked until its time is over: this one begins like that.
        return self.broker.get_connection().create(key=self.list_key, payload=task, lock=self.due).pk


class DjangoQRunner(Runner):
    can_kick_later = True

    def is_within(self, alias: str) -> bool:
        """The ORM broker's queue is a table. If it lies beside the items, a task is committed with their receipts."""
        from django_q.conf import Conf

        return _has_orm_broker() and bool(alias == Conf.ORM)

    def kick(self) -> None:
        from django_q.brokers import get_broker

        _hand_over(get_broker())

    def kick_later(self, seconds: float) -> None:
        from django_q.brokers import get_broker
        from django_q.models import Schedule

        due = timezone.now() + timedelta(seconds=seconds)
        if _has_orm_broker():
            _hand_over(_Delayed(get_broker(), due))
        else:  # django-q2 looks at its schedules twice a minute
            Schedule.objects.create(name="django_bgsync: retry", func=WORK, schedule_type=Schedule.ONCE, next_run=due)

    def schedule_sweep(self) -> None:
        if not apps.is_installed("django_q"):
            return
        from django_q.models import Schedule

        if not _is_migrated(Schedule):
            return
        if not _is_migrated(Heartbeat):  # not yet, or not any more: then a schedule would kill whoever comes to it
            Schedule.objects.filter(func__in=(WORK, SWEEP)).delete()
            return
        with heartbeats.locked():  # two processes take turns: nothing about a schedule is unique
            every_minute = {"func": SWEEP, "schedule_type": Schedule.MINUTES, "minutes": 1}
            Schedule.objects.get_or_create(name=SCHEDULE, defaults=every_minute)

    def check(self) -> list[checks.CheckMessage]:
        if apps.is_installed("django_q"):
            return []
        hint = 'Add "django_q" to INSTALLED_APPS, or set BGSYNC = {"RUNNER": "django_bgsync.runners.none.NoRunner"}.'
        return [checks.Error("The runner needs django_q, which is not installed.", hint=hint, id="bgsync.E031")]


def _has_orm_broker() -> bool:
    """What `get_broker` would choose. Not asked for, since the ORM's closes old connections as soon as it is made."""
    from django_q.conf import Conf

    return bool(Conf.ORM) and not (Conf.BROKER_CLASS or Conf.IRON_MQ or Conf.SQS)


def _hand_over(broker: Any) -> None:
    from django_q.tasks import async_task

    # Not `sync`, whatever Q_CLUSTER says: it would run within the transaction of whoever calls. Acknowledged even if
    # it fails, and not kept if it succeeds: the truth is in the items.
    async_task(WORK, broker=broker, task_name="django_bgsync: work", sync=False, save=False, ack_failure=True)


def _is_migrated(model: type[Model]) -> bool:
    connection = connections[router.db_for_write(model)]
    return model._meta.db_table in connection.introspection.table_names()


def _budget() -> float:
    """Seconds that a task may keep starting handlers: the cluster kills it, and what it holds, at its `timeout`."""
    from django_q.conf import Conf

    return min(sweep.WORK_SECONDS, float(Conf.TIMEOUT) / 2) if Conf.TIMEOUT else sweep.WORK_SECONDS
