"""Signs of life of those who work outside of requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import transaction
from django.utils import timezone

from django_bgsync import database
from django_bgsync.enums import Hand
from django_bgsync.models import Heartbeat

NEVER = datetime(2000, 1, 1, tzinfo=UTC)


@database.persistent
def beat(hand: Hand) -> None:
    """This hand is at work now."""
    targeted = database.connection().features.supports_update_conflicts_with_target
    Heartbeat.objects.using(database.alias()).bulk_create(
        [Heartbeat(name=hand, beat_at=timezone.now())],
        update_conflicts=True,
        update_fields=["beat_at"],
        unique_fields=["name"] if targeted else None,
    )


def last(hand: Hand) -> datetime | None:
    """When this hand was last at work; None for never."""
    rows = Heartbeat.objects.using(database.alias()).filter(pk=hand, beat_at__gt=NEVER)
    return rows.values_list("beat_at", flat=True).first()


def prepare(name: str) -> None:
    """Make the row if it is not there, so that it can be locked."""
    rows = Heartbeat.objects.using(database.alias())
    rows.bulk_create([Heartbeat(name=name, beat_at=NEVER)], ignore_conflicts=True)


@contextmanager
def locked() -> Iterator[None]:
    """One process at a time, until the transaction ends."""
    prepare(Hand.SWEEPER)
    with transaction.atomic(using=database.alias()):
        Heartbeat.objects.using(database.alias()).select_for_update().get(pk=Hand.SWEEPER)
        yield
