"""Two that call a worker at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, TypeVar

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone
from django_q.models import OrmQ

from django_bgsync.models import Heartbeat
from django_bgsync.runners import calls
from django_bgsync.upkeep import heartbeats
from tests.runners import Recorder

T = TypeVar("T")


def telling(event: Event, function: Callable[..., T]) -> Callable[..., T]:
    """The function, but it tells when it has been called."""

    def told(*args: Any) -> T:
        value = function(*args)
        event.set()
        return value

    return told


def call_in_thread() -> None:
    try:
        calls.call()
    finally:
        connections.close_all()


@pytest.mark.parametrize("runner", ["django_bgsync.runners.django_q.DjangoQRunner", "tests.runners.Recorder"])
def test_second_caller(transactional_db, settings, monkeypatch, runner):
    """Whoever finds the mark free, but in the hands of another transaction, leaves the call to that one, and waits for
    nobody where the database can do without.
    """
    settings.BGSYNC = {"RUNNER": runner}
    monkeypatch.setattr(Recorder, "kicks", [])
    heartbeats.prepare("called")
    found_free = Event()
    monkeypatch.setattr(calls, "_read", telling(found_free, calls._read))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():  # the first caller's
            Heartbeat.objects.filter(pk="called").update(beat_at=timezone.now())
            second = pool.submit(call_in_thread)
            assert found_free.wait(30)
            if connection.features.has_select_for_update_skip_locked:
                second.result(30)
        second.result(30)

    assert (OrmQ.objects.count(), Recorder.kicks) == (0, [])
