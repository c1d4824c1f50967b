"""A long past for the admin to page through: so many items, with their tries and deliveries, of ninety days.

Rows are made by one generator and written as fast as the database takes them: PostgreSQL by COPY, without its
secondary indexes, which are made afterwards; others by bulk inserts.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, models

DAYS = 90
TAGS = tuple(f"tag{number:02}" for number in range(20))
ENDS = (
    # state, code, exception, per thousand
    ("applied", "ok", "", 955),
    ("rejected", "invalid", "", 20),
    ("rejected", "sold_out", "", 12),
    ("conflict", "conflict", "", 3),
    ("rejected", "dead", "KeyError", 1),
    ("rejected", "dead", "OperationalError", 1),
    ("rejected", "discarded", "", 2),
    ("waiting", "retrying", "KeyError", 3),
    ("held", "", "", 2),
    ("received", "", "", 1),
)
CHUNK = 20_000
WRITERS: dict[type, Callable[[Any], str]] = {  # as COPY reads it; nothing of ours needs escaping
    str: str,
    int: str,
    bool: str,
    type(None): lambda value: r"\N",
    dict: json.dumps,
    UUID: lambda value: f"{value.int:032x}",
    datetime: datetime.isoformat,
}


class Past:
    """Counts are of items; there are 1.2 tries for each, a delivery for five, a client for 250, a user for 500."""

    def __init__(self, items: int) -> None:
        self.items = items
        self.clients = max(10, items // 250)
        self.users = max(5, items // 500)
        self.now = datetime.now(UTC)
        self.dice = random.Random(6)  # noqa: S311 - made-up data

    def fill(self) -> None:
        """Put everything into empty tables."""
        from django.contrib.auth import get_user_model

        from django_bgsync.models import Delivery, DeliveryAttempt, HourlyStat, SyncClient, SyncItem, SyncTag, Watermark

        SyncTag.objects.bulk_create([SyncTag(name=name) for name in TAGS])
        user = get_user_model()
        user.objects.bulk_create([user(pk=pk, username=f"user{pk}") for pk in range(1, self.users + 1)], CHUNK)
        user.objects.create(pk=self.users + 1, username="boss", is_staff=True, is_superuser=True)
        write(SyncClient, self.client_rows())
        write(Delivery, self.delivery_rows())
        write(SyncItem, self.item_rows())
        write(DeliveryAttempt, self.attempt_rows())
        HourlyStat.objects.bulk_create(self.figures(), 1000)
        Watermark.objects.create(name="hourly", until=self.now.replace(minute=0, second=0, microsecond=0))
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")

    def client_id(self, number: int) -> UUID:
        return UUID(int=(number + 1) << 80 | 4 << 76 | 1 << 63 | number)

    def client_key(self, number: int) -> UUID:
        return UUID(int=(number + 1) << 80 | 8 << 76 | 1 << 63 | number)

    def owner(self, client: int) -> int:
        return client % self.users + 1

    def at(self, number: int) -> datetime:
        """When item `number` was received: the last ones now."""
        return self.now - timedelta(days=DAYS) * (1 - (number + 1) / self.items)

    def key(self, at: datetime, number: int, version: int) -> UUID:
        return UUID(int=int(at.timestamp() * 1000) << 80 | version << 76 | 1 << 63 | number * 2654435761 % 2**32 << 20)

    def item_id(self, number: int) -> UUID:
        return self.key(self.at(number), number, 7)

    def end(self, number: int) -> tuple[str, str, str]:
        share = number * 7919 % 1000
        for state, code, exception, weight in ENDS:
            if share < weight:
                return state, code, exception
            share -= weight
        raise AssertionError(share)

    def client_of(self, number: int) -> int:
        return number * 7877 % self.clients

    def client_rows(self) -> Iterator[Sequence[Any]]:
        for number in range(self.clients):
            owner, seen = self.owner(number), self.now - timedelta(minutes=number % (60 * 24 * 30))
            pending, skew = (12 if number % 50 == 0 else 0), (900_000 if number % 97 == 0 else 120)
            outbox = {"pending": pending, "parked": 0, "dropped": {"quota": int(number % 211 == 0)}}
            yield (
                *(self.client_key(number), self.client_id(number), f"u:{owner}", owner, "", f"Mozilla/5.0 ({number})"),
                *("1.4.0", "8f3a2c", {"sync": "granted"}, outbox, pending, 0, int(number % 211 == 0), skew),
                *(seen - timedelta(days=40), seen, None),
            )

    def delivery_rows(self) -> Iterator[Sequence[Any]]:
        triggers = ("enqueue", "enqueue", "enqueue", "sync", "online", "load")
        for number in range(0, self.items, 5):
            at, client = self.at(number), self.client_of(number)
            yield (
                *(self.key(at, number, 7), f"u:{self.owner(client)}", self.client_key(client)),
                *(triggers[number // 5 % 6], "", number % 100_000 == 0, "page", 5, 5, 0, at, at, at),
            )

    def item_rows(self) -> Iterator[Sequence[Any]]:
        for number in range(self.items):
            at, client = self.at(number), self.client_of(number)
            state, code, exception = self.end(number)
            is_done = state in ("applied", "rejected", "conflict")
            lane = f"lane {client % 7}" if number % 4 == 0 else ""
            first = number - number % 5
            yield (
                *(self.key(at, number, 8), self.item_id(number), f"u:{self.owner(client)}", self.owner(client)),
                *(
                    self.client_key(client),
                    TAGS[number * 31 % 400 // 20],
                    self.key(self.at(first), first, 7),
                    lane,
                    None,
                ),
                *(number, "1:" + "0" * 64, f'{{"text": "{number}", "more": "{"x" * 100}"}}', 130, 0),
                *(at - timedelta(seconds=number % 600), at, state, code, exception),
                *('{"id": 1}' if state == "applied" else None, None, 1, 0, 0, 0, None, None, ""),
                *(None if is_done else self.now, at + timedelta(seconds=1) if is_done else None),
                *(12 if number % 50_000 == 0 else 0, self.now if number % 50_000 == 0 else None),
            )

    def attempt_rows(self) -> Iterator[Sequence[Any]]:
        for number in range(self.items):
            at, client = self.at(number), self.client_key(self.client_of(number))
            _state, code, exception = self.end(number)
            outcome = {"ok": "applied", "conflict": "conflict", "dead": "failed", "retrying": "failed"}
            common = (self.key(at, number, 8), TAGS[number * 31 % 400 // 20], client)
            first = number - number % 5
            if number % 5 == 0:
                yield (
                    *(
                        self.key(at, number, 7),
                        *common,
                        None,
                        1,
                        "receipt",
                        "sync",
                        "failed",
                        "retrying",
                        at,
                        12,
                        "web-1:7",
                    ),
                    *("OperationalError: the connection is gone", "Traceback (most recent call last): …"),
                )
            yield (
                *(
                    self.key(at, number + self.items, 7),
                    *common,
                    self.key(self.at(first), first, 7),
                    2,
                    "receipt",
                    "sync",
                ),
                *(outcome.get(code, "rejected"), code, at, number % 90, "web-1:7", exception and f"{exception}: x", ""),
            )

    def figures(self) -> Iterable[models.Model]:
        from django_bgsync.models import HourlyStat

        hour = self.now.replace(minute=0, second=0, microsecond=0)
        each = max(1, self.items // (DAYS * 24 * len(TAGS)))
        for back in range(1, DAYS * 24):
            for tag in TAGS:
                buckets = {str(number): each // 8 + 1 for number in range(8, 24)}
                counts = {"received": each, "applied": each, "rejected": each // 30, "failed": each // 20, "replays": 1}
                yield HourlyStat(
                    tag_id=tag,
                    hour=hour - timedelta(hours=back),
                    **counts,
                    arrival_lag=buckets,
                    sync_lag=buckets,
                    processing=buckets,
                )


def write(model: type[models.Model], rows: Iterator[Sequence[Any]]) -> None:
    """Rows with a value for every column, in the order of the model."""
    fields = model._meta.concrete_fields
    if connection.vendor == "postgresql":
        copy(model, [field.column for field in fields], rows)
        return
    names = [field.attname for field in fields]
    while chunk := list(islice(rows, CHUNK)):
        model._default_manager.bulk_create([model(**dict(zip(names, row, strict=True))) for row in chunk], 500)


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
    indexes = list(model._meta.indexes)
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(model, index)
    statement = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as target:
        for row in rows:
            target.write("\t".join([WRITERS[type(value)](value) for value in row]) + "\n")
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(model, index)
