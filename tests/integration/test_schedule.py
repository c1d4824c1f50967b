"""The sweeper's schedule: there after `migrate`, once, and it sweeps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from django_q.signing import SignedPackage

from django_bgsync import runners
from django_bgsync.runners import django_q
from tests.deliveries import history_of, make_item


def schedules():
    return list(Schedule.objects.values_list("name", "func", "schedule_type", "minutes", "repeats"))


EVERY_MINUTE = ("django_bgsync: sweep", "django_bgsync.runners.django_q.sweep_up", Schedule.MINUTES, 1, -1)


def run_task(package: str) -> None:
    """Do what a worker does with a task."""
    task = SignedPackage.loads(package)
    module, name = task["func"].rsplit(".", 1)
    assert (module, task["args"], task["kwargs"]) == (django_q.__name__, (), {})
    getattr(django_q, name)()


def test_after_migrate(db):
    """`migrate` makes it if it is not there."""
    Schedule.objects.all().delete()
    for _ in range(2):
        call_command("migrate", verbosity=0)

    assert schedules() == [EVERY_MINUTE]


def test_operator_has_changed_it(db):
    """One that an operator turned off stays off."""
    Schedule.objects.update(repeats=0)
    runners.current().schedule_sweep()

    assert schedules() == [(*EVERY_MINUTE[:4], 0)]


def test_after_the_tables(db, monkeypatch):
    """Once ours are gone (`migrate django_bgsync zero`), whoever came to the schedule would die of it."""
    Schedule.objects.create(name="theirs", func="theirs.work")
    runners.current().schedule_sweep()
    runners.current().kick_later(60)
    monkeypatch.setattr("django.db.connection.introspection.table_names", lambda: ["django_q_schedule"])
    runners.current().schedule_sweep()

    assert [func for _name, func, *_ in schedules()] == ["theirs.work"]


@pytest.mark.parametrize("table", ["django_q_schedule", "django_bgsync_heartbeat"])
def test_before_the_tables(db, monkeypatch, table):
    """As long as one of the two apps is not migrated, nothing is made."""
    Schedule.objects.all().delete()
    tables = {"django_q_schedule", "django_bgsync_heartbeat"} - {table}
    monkeypatch.setattr("django.db.connection.introspection.table_names", lambda: sorted(tables))
    runners.current().schedule_sweep()

    assert schedules() == []


def test_other_runners(db, settings):
    """Other runners have none."""
    settings.BGSYNC = {"RUNNER": "django_bgsync.runners.none.NoRunner"}
    Schedule.objects.all().delete()
    call_command("migrate", verbosity=0)

    assert schedules() == []


@pytest.mark.django_db(transaction=True)  # the scheduler closes connections that are in no transaction of its own
def test_schedule_sweeps(device):
    """When its time has come, the cluster makes a task of it that sweeps."""
    runners.current().schedule_sweep()
    item = make_item("background")
    device.send(item)
    OrmQ.objects.all().delete()
    Schedule.objects.update(next_run=timezone.now() - timedelta(seconds=1))
    scheduler(get_broker())

    [task] = OrmQ.objects.all()
    run_task(task.payload)
    assert history_of(item) == [(1, "sweeper", "applied", "ok")]


def test_task_of_a_call(device):
    """The task of a call names nothing but what to run, and leaves no trace of its success."""
    item = make_item("background")
    device.send(item)
    [queued] = OrmQ.objects.all()
    task = SignedPackage.loads(queued.payload)

    assert (task["save"], task["ack_failure"], task["sync"]) == (False, True, False)
    run_task(queued.payload)
    assert history_of(item) == [(1, "worker", "applied", "ok")]
