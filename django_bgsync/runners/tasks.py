"""Django's own task framework (Django 6.0 and newer), whatever backend `TASKS` names.

It has no schedules: let cron run `bgsync_sweep` every minute.
"""

from __future__ import annotations

from datetime import timedelta

from django.tasks import task
from django.utils import timezone

from django_bgsync.runners import Runner
from django_bgsync.upkeep import sweep


@task
def work() -> None:
    sweep.work()


class DjangoTasksRunner(Runner):
    @property
    def can_kick_later(self) -> bool:  # type: ignore[override]  # the backend decides
        return bool(work.get_backend().supports_defer)

    def kick(self) -> None:
        work.enqueue()

    def kick_later(self, seconds: float) -> None:
        work.using(run_after=timezone.now() + timedelta(seconds=seconds)).enqueue()
