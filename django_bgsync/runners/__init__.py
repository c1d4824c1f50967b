"""What gets work done outside of a request.

A runner is a hint: what it starts may run never, once or five times, and nothing depends on which. It carries no
items; whoever it starts looks at what is due.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.core import checks
from django.utils.module_loading import import_string

from django_bgsync.conf import settings


class Runner:
    """What `BGSYNC["RUNNER"]` names: a class without arguments. Its methods may raise whatever they like."""

    can_kick: bool = True
    """Whether it has workers. Without them only the sweeper works, and nobody is called."""
    can_kick_later: bool = False
    """Whether `kick_later` exists."""

    def is_within(self, alias: str) -> bool:
        """Whether what is handed over becomes part of the open transaction on that database, and is undone with it."""
        return False

    def kick(self) -> None:
        """Have a worker look at what is due (`sweep.work`), soon."""
        raise NotImplementedError

    def kick_later(self, seconds: float) -> None:
        """The same, not before so many seconds are over."""
        raise NotImplementedError

    def schedule_sweep(self) -> None:
        """Have `sweep.sweep` run every minute, if the runner can do such a thing. Called after every `migrate`."""

    def check(self) -> list[checks.CheckMessage]:
        """Why this runner cannot work in this project."""
        return []


def current() -> Runner:
    """The project's runner. Raises ImportError if it is not there."""
    return _load(settings.RUNNER)


def check(**kwargs: Any) -> list[checks.CheckMessage]:
    """What is wrong with the project's runner: a system check."""
    try:
        return current().check()
    except (ImportError, AttributeError, TypeError) as error:
        hint = 'BGSYNC = {"RUNNER": "django_bgsync.runners.none.NoRunner"} needs nothing but cron.'
        return [checks.Error(f"The runner cannot be imported: {error}", hint=hint, id="bgsync.E030")]


@cache
def _load(path: str) -> Runner:
    runner: Runner = import_string(path)()
    return runner
