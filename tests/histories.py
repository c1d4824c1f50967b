"""Random histories of items, and the figures that a slow look at each row finds in them."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from django_bgsync import tallies
from django_bgsync.enums import ItemState, NoteKind, Outcome
from django_bgsync.histograms import bucket
from django_bgsync.identity import first_key
from django_bgsync.models import DeliveryAttempt, ItemNote, SyncItem, SyncTag

HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 26, 14, 30, tzinfo=UTC)
START = NOW - 30 * HOUR
SECOND = timedelta(seconds=1)


def key(instant):
    """A key that the server makes at that time."""
    return UUID(int=first_key(instant, version=7).int | random.getrandbits(60))


class World:
    """Random histories of items, attempts and notes."""

    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311 - the same history again
        for name in ("post", "note", "http:pay"):
            SyncTag.objects.create(name=name)

    def instant(self, since=START, until=NOW):
        return since + (until - since) * self.random.random()

    def item(self, received_at=None, **values):
        received_at = received_at or self.instant()
        lag = self.random.choice([None, -5, 0, 0.0009, 0.001, 1, 60, 3600 * 30, 3600 * 24 * 80])
        choice = self.random.random()
        refused = choice < 0.1
        values = {
            "tag_id": self.random.choice(["post", "note", "http:pay"]),
            "created_at": None if lag is None else received_at - timedelta(seconds=lag),
            "finished_at": received_at if refused else received_at + SECOND * self.random.randint(0, 9999),
            "state": ItemState.REJECTED if refused else ItemState.APPLIED,
            "attempts": 0 if refused else 1,
            "replays": self.random.choice([0, 0, 3]),
            "size": self.random.randint(0, 500),
            **values,
        }
        return SyncItem.objects.create(
            pk=uuid4(), item_id=uuid4(), owner="u:1", fingerprint="1:x", received_at=received_at, **values
        )

    def attempt(self, item, started_at, written_at=None, **values):
        duration = self.random.choice([None, 0, 1, 7, 3000, 10**6])
        values = {
            "outcome": self.random.choice(Outcome.values),
            "code": self.random.choice(["", "dead", "rejected"]),
            "duration_ms": duration,
            **values,
        }
        written = written_at or started_at + timedelta(milliseconds=duration or 0)
        return DeliveryAttempt.objects.create(
            pk=key(written), item=item, tag_id=item.tag_id, number=1, hand="receipt", started_at=started_at, **values
        )

    def note(self, item, noted_at):
        kind = self.random.choice(NoteKind.values)
        ItemNote.objects.create(
            pk=key(noted_at), item=item, tag_id=item.tag_id, kind=kind, state="rejected", noted_at=noted_at
        )

    def live(self, items=40):
        for _ in range(items):
            item = self.item()
            for _ in range(self.random.randint(0, 3)):
                self.attempt(item, self.instant(item.received_at))
            if self.random.random() < 0.3:
                self.note(item, self.instant(item.received_at))


def counted_slowly(until=NOW):
    """Every figure, row by row in Python: (tag, hour) to the figures that are not zero."""
    found = defaultdict(lambda: defaultdict(int))
    items = {item.pk: item for item in SyncItem.objects.all()}

    def add(row, instant, name, amount=1):
        if amount and instant < until:
            found[row.tag_id, instant.replace(minute=0, second=0, microsecond=0)][name] += amount

    def milliseconds(lag):
        return lag.total_seconds() * 1000

    for item in items.values():
        add(item, item.received_at, "received")
        add(item, item.received_at, "bytes", item.size)
        add(item, item.received_at, "replays", item.replays)
        if (item.state, item.attempts, item.finished_at) == ("rejected", 0, item.received_at):
            add(item, item.received_at, "rejected")
        if item.created_at:
            lag = milliseconds(item.received_at - item.created_at)
            add(item, item.received_at, f"arrival_lag {bucket(lag)}")
    names = {"retry_later": "retried"}
    for attempt in DeliveryAttempt.objects.all():
        add(attempt, attempt.started_at, "dead", int(attempt.code == "dead"))
        if not (attempt.outcome == "rejected" and attempt.code == "dead"):
            add(attempt, attempt.started_at, names.get(attempt.outcome, attempt.outcome))
        if attempt.duration_ms is not None:
            add(attempt, attempt.started_at, f"processing {bucket(attempt.duration_ms)}")
        item = items.get(attempt.item_id)
        if attempt.outcome == "applied" and item and item.created_at and item.finished_at:
            lag = milliseconds(item.finished_at - item.created_at)
            add(attempt, attempt.started_at, f"sync_lag {bucket(lag)}")
    for note in ItemNote.objects.exclude(kind="released"):
        add(note, note.noted_at, note.kind)
    return {place: dict(figures) for place, figures in found.items()}


def flat(rows):
    """Figures in the same form."""
    found = {}
    for row in rows:
        figures = {name: getattr(row, name) for name in tallies.COUNTS}
        for name in tallies.HISTOGRAMS:
            figures |= {f"{name} {number}": count for number, count in getattr(row, name).items()}
        figures = {name: count for name, count in figures.items() if count}
        if figures:
            found[row.tag_id, row.hour] = figures
    return found
