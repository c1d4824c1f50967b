"""Two ways to the same rows: from JSON, as this database can, and as Django does it everywhere."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, DataError, connection, transaction
from django.utils import timezone

from django_bgsync.identity import uuid7
from django_bgsync.models import Delivery, DeliveryAttempt, SyncClient, SyncItem
from django_bgsync.rows import ledger, recordset
from django_bgsync.rows.portable import Portable

pytestmark = pytest.mark.django_db

NASTY = [
    '"',
    "\\",
    "\\n",
    '{"a":null,"b":"\\u00e9"}',
    "null",
    "",
    "'; DROP TABLE x; --",
    "%s %(x)s %%",
    "$.c0",
    "line\nbreak\ttab\x01\x7f",
    "é ß 漢字 😀 \u2028",
    "x" * 250_000,
]


@pytest.fixture(params=["own", "portable"])
def form(request: pytest.FixtureRequest) -> Portable[Any]:
    """Both forms: the one that is chosen for this database, and the one for all."""
    return recordset.form_for("default", SyncItem) if request.param == "own" else Portable("default", SyncItem)


@pytest.fixture
def delivery() -> Delivery:
    return Delivery(pk=uuid7(), owner="u:1", items=1, received_at=timezone.now(), last_chance=True)


def items(delivery: Delivery, *payloads: str | None) -> list[SyncItem]:
    now = timezone.now()
    return [
        SyncItem(
            pk=uuid7(),
            item_id=uuid7(),
            owner="u:1",
            tag_id="note",
            delivery=delivery,
            lane=f"lane {place % 2}",
            after=uuid7() if place % 2 else None,
            seq=2**53 - 1 - place,
            fingerprint="1:x",
            payload=payload,
            size=place,
            created_at=now - timedelta(days=place, microseconds=1),
            received_at=now,
            next_at=now,
            attempts=1,
            claimed_at=now,
        )
        for place, payload in enumerate(payloads)
    ]


def sorted_by_key(rows: list[SyncItem]) -> list[SyncItem]:
    return sorted(rows, key=lambda row: row.id.int)


def values(row: SyncItem) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in SyncItem._meta.concrete_fields}


def test_what_is_stored(form, delivery):
    """Every column of every row is what it was, whatever its text looks like."""
    rows = items(delivery, *NASTY, None)

    assert form.receive(sorted_by_key(rows), delivery) == {row.pk for row in rows}
    assert [values(SyncItem.objects.get(pk=row.pk)) for row in rows] == [values(row) for row in rows]
    assert Delivery.objects.values().get() == {
        field.attname: getattr(delivery, field.attname) for field in Delivery._meta.concrete_fields
    }


@pytest.mark.parametrize("payload", NASTY)
def test_one_row(form, delivery, payload):
    """A row alone has nothing that differs from another one."""
    [row] = items(delivery, payload)

    assert form.receive([row], delivery) == {row.pk}
    assert values(SyncItem.objects.get()) == values(row)


@pytest.mark.parametrize("count", [1, 2])
def test_too_long(delivery, count):
    """PostgreSQL refuses what does not fit into its column. Others do not: a delivery's fields are measured before."""
    rows = items(delivery, *["{}"] * count)
    for place, row in enumerate(rows):
        row.lane = str(place) * 101

    with contextlib.suppress(DataError), transaction.atomic():
        recordset.form_for("default", SyncItem).receive(sorted_by_key(rows), delivery)
    kept = {"postgresql": [], "sqlite": [101] * count, "mysql": [100] * count}
    assert [len(lane) for lane in SyncItem.objects.values_list("lane", flat=True)] == kept[connection.vendor]


def test_what_was_there_before(form, delivery):
    """A row whose key exists is left as it is, and not among those that are new."""
    [old], [new] = items(Delivery(pk=uuid7()), "old"), items(delivery, "new")
    old.save(force_insert=True)
    again = SyncItem(**{**values(old), "payload": "again", "delivery_id": delivery.pk})

    assert form.receive(sorted_by_key([again, new]), delivery) == {new.pk}
    assert values(SyncItem.objects.get(pk=old.pk)) == values(old)


def test_nothing_new(form, delivery):
    """The delivery leaves no row then."""
    [row] = items(Delivery(pk=uuid7()), "old")
    row.save(force_insert=True)

    assert form.receive([row], delivery) == set()
    assert not Delivery.objects.exists()


def test_count(form, delivery):
    """Rows that are named, and were not stamped for a while, count one more."""
    never, long_ago, just_now, other = rows = sorted_by_key(items(delivery, "a", "b", "c", "d"))
    now = timezone.now()
    before = now - timedelta(minutes=1)
    long_ago.replays, long_ago.last_replay_at = 4, before
    just_now.replays, just_now.last_replay_at = 4, before + timedelta(microseconds=1)
    form.receive(rows, delivery)
    form.count([row.pk for row in rows if row is not other], "replays", "last_replay_at", now=now, before=before)

    found = SyncItem.objects.in_bulk()
    assert {pk: (row.replays, row.last_replay_at) for pk, row in found.items()} == {
        never.pk: (1, now),
        long_ago.pk: (5, now),
        just_now.pk: (4, just_now.last_replay_at),
        other.pk: (0, None),
    }


def test_outcomes(form, delivery):
    """The named columns are written, no others, together with the attempts."""
    rows = sorted_by_key(items(delivery, "a", "b", "c"))
    form.receive(rows, delivery)
    before = {row.pk: values(row) for row in rows}
    outcomes = [{"state": "applied", "result": text, "claimed_at": None, "attempts": 7} for text in NASTY[:3]]
    attempts = []
    for row, outcome in zip(rows, outcomes, strict=True):
        for name, value in outcome.items():
            setattr(row, name, value)
        row.payload = "not named"
        attempts.append(DeliveryAttempt(item_id=row.pk, tag_id="note", number=1, outcome="applied", error=row.result))
    form.write_back(rows, ("state", "result", "claimed_at", "attempts"), attempts)

    found = {row.pk: values(row) for row in SyncItem.objects.all()}
    assert found == {row.pk: {**before[row.pk], **outcome} for row, outcome in zip(rows, outcomes, strict=True)}
    told = DeliveryAttempt.objects.values_list("pk", "item_id", "error", "duration_ms")
    assert set(told) == {(attempt.pk, attempt.item_id, attempt.error, None) for attempt in attempts}


def test_outcomes_without_attempts(form, delivery):
    """A hold is written down, and is no attempt."""
    rows = sorted_by_key(items(delivery, "a", "b"))
    form.receive(rows, delivery)
    for row in rows:
        row.state = "held"
    form.write_back(rows, ("state",), [])

    assert set(SyncItem.objects.values_list("state", flat=True)) == {"held"}
    assert not DeliveryAttempt.objects.exists()


@pytest.mark.parametrize("attempts", [(1, 1), (1, 2)], ids=["common", "differing"])
@pytest.mark.parametrize("claimed", [True, False])
def test_lock(form, delivery, attempts, claimed):
    """The keys of the rows that there are, and still are as they were marked."""
    rows = sorted_by_key(items(delivery, "a", "b"))
    for row, number in zip(rows, attempts, strict=True):
        row.attempts, row.claimed_at = number, row.claimed_at if claimed else None
    form.receive(rows, delivery)
    names = ("state", "attempts", "claimed_at")
    marks = {row.pk: tuple(getattr(row, name) for name in names) for row in rows}
    first, second = marks

    def lock(found: dict[UUID, Any]) -> set[UUID]:
        with transaction.atomic():
            return set(form.lock(found, names))

    assert lock(marks) == {first, second}
    assert lock({**marks, uuid7(): marks[first]}) == {first, second}
    for changed in ({"state": "held"}, {"attempts": 3}, {"claimed_at": timezone.now()}):
        SyncItem.objects.filter(pk=first).update(**changed)
        assert lock(marks) == {second}
        form.write_back(rows, names, [])
    SyncItem.objects.all().delete()
    assert lock(marks) == set()


def test_find(form, delivery):
    """Some columns of the rows that there are, as Python's values."""
    rows = items(delivery, *NASTY, None)
    form.receive(sorted_by_key(rows), delivery)
    names = ("payload", "id", "after", "tag_id", "created_at")

    found = form.find([*(row.pk for row in rows), uuid7()], names)
    assert sorted(map(tuple, found), key=str) == sorted(
        (tuple(getattr(row, name) for name in names) for row in rows), key=str
    )
    assert form.find([], names) == []


def test_vanished(delivery):
    """Rows that are gone, though they were locked, are no rows that were written."""
    form = recordset.form_for("default", SyncItem)
    rows = sorted_by_key(items(delivery, "a", "b"))
    form.receive(rows, delivery)
    SyncItem.objects.filter(pk=rows[0].pk).delete()

    with pytest.raises(DatabaseError, match="vanished"), transaction.atomic():
        form.write_back(rows, ("state",), [])


def test_client():
    """A client's row comes with what it says of itself, as JSON; what was not asked for is loaded."""
    now = timezone.now()
    told = {"capabilities": {"sync": "granted", "text": NASTY[10]}, "pending": 2}
    made = SyncClient.objects.create(
        pk=uuid7(), client_id=uuid7(), owner="u:1", label="Ada's", first_seen=now, last_seen=now, **told
    )
    found = ledger.client(made.pk)

    assert (found.capabilities, found.pending, found.last_seen) == (*told.values(), now)
    assert (found.client_id, found.revoked_at, found.label) == (made.client_id, None, "Ada's")
    assert ledger.client(uuid7()) is None
