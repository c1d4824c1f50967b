"""What a scripted handler can do."""

from __future__ import annotations

import datetime
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any, NoReturn

from django.contrib.auth import get_user_model
from django.core import exceptions as django_exceptions
from django.db import IntegrityError, OperationalError, connection, transaction
from rest_framework import exceptions as drf_exceptions

from django_bgsync import Conflict, Item, Rejected, RetryLater
from tests.app.models import Seat

Step = Callable[[Item], Any]


def raising(kind: type[Exception], *args: Any, **options: Any) -> Step:
    def step(item: Item) -> NoReturn:
        raise kind(*args, **options)

    return step


def returning(value: Any) -> Step:
    return lambda item: value


def take_the_seat_twice(item: Item) -> None:
    """An IntegrityError that nobody catches."""
    for _ in range(2):
        Seat.objects.create(name="1A")


def take_the_seat_once_more(item: Item) -> str:
    """An IntegrityError in a savepoint of the handler's own, as Django recommends."""
    Seat.objects.create(name="1A")
    try:
        with transaction.atomic():
            Seat.objects.create(name="1A")
    except IntegrityError:
        return "taken"
    return "free"


def point_to_nobody(item: Item) -> None:
    """A foreign key that PostgreSQL and SQLite check at the commit only."""
    Seat.objects.create(name="1A", beside_id=10**6)


def lose_conflicts(times: float) -> Step:
    """What databases do to one of two transactions that want the same rows, so many times for an item."""

    def step(item: Item) -> str:
        RUNS[item.id] += 1
        if RUNS[item.id] <= times:
            raise OperationalError("database is locked")
        return f"run {RUNS[item.id]}"

    return step


RUNS: Counter[uuid.UUID] = Counter()


def take_a_while(item: Item) -> str:
    """Longer than handlers may share a transaction."""
    time.sleep(0.3)
    return "done"


def use_a_missing_table(item: Item) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")


def swallow_an_integrity_error(item: Item) -> str:
    """Django marks the transaction for rollback, and would roll it back without a word."""
    Seat.objects.create(name="1A")
    try:
        Seat.objects.create(name="1A")
    except IntegrityError:
        return "taken"
    return "free"


def fail_after_the_commit(item: Item) -> str:
    transaction.on_commit(lambda: 1 / 0)
    return "committed"


def delete_the_user(item: Item) -> None:
    get_user_model().objects.filter(pk=item.user.pk).delete()


def deactivate_the_user(item: Item) -> None:
    get_user_model().objects.filter(pk=item.user.pk).update(is_active=False)


STEPS: dict[str, Step] = {
    "apply": returning("done"),
    "return nothing": returning(None),
    "return the most": returning("x" * (16 * 1024 - 2)),  # two quotes around it
    "return too much": returning("x" * (16 * 1024 - 1)),
    "return too many bytes": returning("ü" * 8 * 1024),
    "return NaN": returning(float("nan")),
    "return infinity": returning([float("inf")]),
    "return a date": returning(datetime.date(2026, 1, 1)),
    "return a UUID": returning(uuid.UUID(int=0)),
    "return half a surrogate": returning("\ud800"),
    "return a NUL": returning("a\0b"),
    "return a huge integer": returning(10**5000),
    "reject": raising(Rejected, "Sold out."),
    "reject with a code": raising(Rejected, "Sold <b>out</b>.", code="sold_out", extra={"left": 0}),
    "reject without a word": raising(Rejected),
    "reject without a code": raising(Rejected, "No.", code=""),
    "reject with a long code": raising(Rejected, "No.", code="x" * 100),
    "reject with NUL": raising(Rejected, "a\0b", extra="\0"),
    "reject with a date": raising(Rejected, "No.", extra=datetime.date(2026, 1, 1)),
    "reject with half a surrogate": raising(Rejected, "\ud800"),
    "conflict": raising(Conflict, "Changed meanwhile.", current={"text": "theirs"}),
    "conflict without a word": raising(Conflict),
    "conflict with NaN": raising(Conflict, "No.", current=float("nan")),
    "retry later": raising(RetryLater, 60, "The till is closed."),
    "retry at once": raising(RetryLater, -5),
    "retry at NaN": raising(RetryLater, float("nan")),
    "retry in a century": raising(RetryLater, 3.2e9),
    "retry at infinity": raising(RetryLater, float("inf")),
    "DRF validation": raising(drf_exceptions.ValidationError, {"text": ["Too loud."]}),
    "DRF validation of a list": raising(drf_exceptions.ValidationError, "Too loud."),
    "Django validation": raising(django_exceptions.ValidationError, {"text": ["Too loud."]}),
    "Django validation of a list": raising(django_exceptions.ValidationError, "Too loud."),
    "DRF permission": raising(drf_exceptions.PermissionDenied, "Members only."),
    "Django permission": raising(django_exceptions.PermissionDenied, "Members only."),
    "Django permission without a word": raising(django_exceptions.PermissionDenied),
    "fail": raising(KeyError, "text"),
    "fail with NUL": raising(ValueError, "a\0b"),
    "fail with half a surrogate": raising(ValueError, "\ud800"),
    "fail at length": raising(ValueError, "x" * 2000),
    "take the seat twice": take_the_seat_twice,
    "take the seat once more": take_the_seat_once_more,
    "point to nobody": point_to_nobody,
    "lose a conflict": lose_conflicts(2),
    "lose every conflict": lose_conflicts(float("inf")),
    "take a while": take_a_while,
    "use a missing table": use_a_missing_table,
    "swallow an integrity error": swallow_an_integrity_error,
    "fail after the commit": fail_after_the_commit,
    "delete the user": delete_the_user,
    "deactivate the user": deactivate_the_user,
    "exit": lambda item: sys.exit(3),
}
