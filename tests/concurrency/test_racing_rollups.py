"""Sweepers that write the hourly figures down at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from django_bgsync.models import HourlyStat, Watermark
from django_bgsync.upkeep import rollups
from tests.concurrency.racing import race
from tests.histories import HOUR, NOW, World, counted_slowly, flat


@pytest.fixture(autouse=True)
def clock(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")  # as in production


def test_racing_sweepers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six sweepers at once, each in small steps, from the beginning and again later: every figure is counted once."""
    monkeypatch.setattr(rollups, "STEP", 2 * HOUR)
    world = World(3)
    world.live()
    item = world.item(received_at=NOW - 20 * HOUR)
    slowly = counted_slowly(until=NOW.replace(minute=0))
    race(*(rollups.roll_up for _ in range(6)))
    assert flat(HourlyStat.objects.all()) == slowly

    world.attempt(item, NOW - 20 * HOUR, written_at=NOW - timedelta(minutes=1), outcome="lost")
    Watermark.objects.update(until=NOW.replace(minute=0) - 5 * HOUR)
    race(*(rollups.roll_up for _ in range(6)))
    assert flat(HourlyStat.objects.all()) == counted_slowly(until=NOW.replace(minute=0))
