"""Runners by themselves: what they say of themselves, and what they hand over."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core import checks
from django.utils import timezone
from django_q.conf import Conf

from django_bgsync import runners
from django_bgsync.runners import Runner, django_q
from django_bgsync.runners.none import NoRunner
from django_bgsync.upkeep import sweep

DJANGO_Q = "django_bgsync.runners.django_q.DjangoQRunner"


@dataclass(frozen=True)
class Task:
    """What `django.tasks.task` makes of a function, as far as a runner needs it; `queue` is the backend's."""

    func: Any
    supports_defer: bool = True
    run_after: Any = None
    queue: list[Any] = field(default_factory=list)

    def get_backend(self) -> Any:
        return SimpleNamespace(supports_defer=self.supports_defer)

    def using(self, *, run_after: Any) -> Task:
        return replace(self, run_after=run_after)

    def enqueue(self) -> None:
        self.queue.append(self)


@pytest.fixture
def tasks(monkeypatch):
    """The runner for Django's tasks, with these tests' own in their place: they are not in every Django."""
    stand_in = ModuleType("django.tasks")
    stand_in.task = Task
    monkeypatch.setitem(sys.modules, "django.tasks", stand_in)
    monkeypatch.delitem(sys.modules, "django_bgsync.runners.tasks", raising=False)
    yield importlib.import_module("django_bgsync.runners.tasks")
    sys.modules.pop("django_bgsync.runners.tasks", None)


def test_default(settings):
    assert isinstance(runners.current(), django_q.DjangoQRunner)
    assert runners.current() is runners.current()


def test_contract(db):
    """A runner of a project's own says what it can do, and nothing is asked of it beyond that."""
    runner = Runner()

    assert (runner.can_kick, runner.can_kick_later, runner.is_within("default")) == (True, False, False)
    assert (runner.check(), runner.schedule_sweep()) == ([], None)
    for kick in (runner.kick, lambda: runner.kick_later(1)):
        with pytest.raises(NotImplementedError):
            kick()


def test_no_runner():
    assert (NoRunner.can_kick, NoRunner.can_kick_later) == (False, False)


def test_django_q_shares_transactions_on_its_own_database():
    """Only with the ORM broker, and only in the same database."""
    runner = django_q.DjangoQRunner()

    assert (runner.is_within("default"), runner.is_within("other")) == (True, False)


@pytest.mark.parametrize("broker", ["BROKER_CLASS", "IRON_MQ", "SQS"])
def test_django_q_with_another_broker(monkeypatch, broker):
    monkeypatch.setattr(Conf, broker, "a broker")

    assert not django_q.DjangoQRunner().is_within("default")


@pytest.mark.parametrize(("timeout", "budget"), [(None, 20), (0, 20), (60, 20), (30, 15), (5, 2.5)])
def test_worker_ends_before_it_is_killed(monkeypatch, timeout, budget):
    """A task takes half of what its cluster allows, and 20 seconds at most."""
    seen = []
    monkeypatch.setattr(Conf, "TIMEOUT", timeout)
    monkeypatch.setattr(sweep, "work", seen.append)
    monkeypatch.setattr(sweep, "sweep", seen.append)
    django_q.work()
    django_q.sweep_up()

    assert seen == [budget, budget]


def test_check():
    """It is one of Django's system checks."""
    assert runners.check() == []
    assert runners.check in checks.registry.registry.get_checks()


def test_check_without_django_q(monkeypatch):
    """A runner whose app is not installed says so, with the line to type."""
    monkeypatch.setattr(apps, "is_installed", lambda name: False)
    [error] = runners.check()

    assert (error.id, error.level >= 40) == ("bgsync.E031", True)
    assert 'Add "django_q" to INSTALLED_APPS' in error.hint
    assert runners.current().schedule_sweep() is None


def test_check_of_a_runner_that_is_not_there(settings):
    settings.BGSYNC = {"RUNNER": "django_bgsync.runners.celery.CeleryRunner"}
    [error] = runners.check()

    assert error.id == "bgsync.E030"
    assert "celery" in error.msg


def test_tasks(tasks, monkeypatch):
    """A call is a task without arguments that works."""
    worked = []
    monkeypatch.setattr(sweep, "work", lambda: worked.append(True))
    runner = tasks.DjangoTasksRunner()
    runner.kick()

    [task] = tasks.work.queue
    task.func()
    assert (task.run_after, worked) == (None, [True])


def test_tasks_later(tasks):
    """A later call is deferred by the backend."""
    runner = tasks.DjangoTasksRunner()
    runner.kick_later(30)

    [task] = tasks.work.queue
    assert runner.can_kick_later
    assert abs(task.run_after - timezone.now() - timedelta(seconds=30)) < timedelta(seconds=5)


def test_tasks_of_a_backend_that_cannot_defer(tasks, monkeypatch):
    monkeypatch.setattr(tasks, "work", replace(tasks.work, supports_defer=False))

    assert not tasks.DjangoTasksRunner().can_kick_later
