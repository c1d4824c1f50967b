"""What `bgsync_prune` removes, what it keeps, and what becomes of a replay of what is gone."""

from __future__ import annotations

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from django_bgsync.handlers import registry
from django_bgsync.identity import first_key, item_key, uuid7
from django_bgsync.models import (
    ConflictingCopy,
    Delivery,
    DeliveryAttempt,
    FeedPull,
    PurgedRange,
    StoredFile,
    SyncClient,
    SyncItem,
    Tombstone,
)
from django_bgsync.upkeep import retention
from tests.deliveries import effects_of, make_item, result, row_of, script

NONE = {"items": 0, "payloads": 0, "attempts": 0, "notes": 0, "deliveries": 0, "pulls": 0, "clients": 0}
TOO_OLD = {"detail": "What had this id is gone."}


def minted(days: float, **members):
    """An item whose id was minted so many days ago."""
    instant = timezone.now() - timedelta(days=days)
    head = int(instant.timestamp() * 1000)
    return make_item(**members) | {"id": str(uuid.UUID(int=(uuid7().int & (1 << 80) - 1) | head << 80))}


def received(item, days: float) -> None:
    """Let an item have been received, and finished, so many days ago."""
    instant = timezone.now() - timedelta(days=days)
    row = row_of(item)
    SyncItem.objects.filter(pk=row.pk).update(received_at=instant, finished_at=row.finished_at and instant)


def too_old(item):
    return {**result(item, "rejected", "id_too_old", problem=TOO_OLD), "status": "expired"}


@pytest.fixture
def old(device):
    """An applied item of 401 days ago."""
    item = minted(401)
    device.send(item)
    received(item, 401)
    return item


def test_old_item(device, old):
    """The first run declares it gone, the second removes it; its replay is answered, and not run."""
    first, second, third = (retention.prune() for _ in range(3))

    assert [counts["items"] for counts in (first, second, third)] == [0, 1, 0]
    assert not SyncItem.objects.exists()
    assert device.send({**old, "send_count": 2}) == device.send(old) == [too_old(old)]
    assert effects_of(old) == 1


def test_between_the_runs(device, old):
    """What is declared gone and still there is known."""
    retention.prune()

    assert device.send(old)[0]["status"] == "applied"


@pytest.mark.parametrize(("days", "status"), [(399, "applied"), (401, "expired")])
def test_new_item_with_an_old_id(device, days, status):
    """Nobody can tell whether an id in the purged range was there before."""
    retention.prune()
    item = minted(days)

    assert device.send(item)[0]["status"] == status
    assert effects_of(item) == (status == "applied")


def test_purged_range_comes_first(device):
    """Before the tag, the size and the payload of a new item, its id is looked at."""
    retention.prune()
    bad = [minted(401, tag="nobody"), minted(401, payload="x" * 300_000), minted(401, payload="\0")]

    assert [found["code"] for found in device.send(*bad)] == ["id_too_old"] * 3


def test_old_id_received_late(device):
    """An item that was received within the time is kept, however old its id is."""
    item = minted(600)
    device.send(item)
    for _ in range(2):
        retention.prune()

    assert device.send(item)[0]["status"] == "applied"


def test_young_id_received_long_ago(device):
    """An id of the future is kept until the cutoff has passed it: its replay must not be taken for new."""
    item = minted(-100)
    device.send(item)
    received(item, 401)
    for _ in range(2):
        retention.prune()

    assert device.send(item)[0]["status"] == "applied"


@pytest.mark.parametrize("item_id", [uuid.uuid4(), uuid.UUID("00dc6acf-ac00-7000-8000-000000000000")])
def test_tombstone(device, item_id):
    """An id that tells no time, or one of a clock that has lost it, leaves a tombstone."""
    item = make_item() | {"id": str(item_id)}
    device.send(item)
    received(item, 401)
    row = row_of(item)

    assert [retention.prune()["items"] for _ in range(3)] == [0, 1, 0]
    assert [(grave.pk, grave.fingerprint) for grave in Tombstone.objects.all()] == [(row.pk, row.fingerprint)]
    assert device.send(item) == [too_old(item)]
    assert effects_of(item) == 1
    assert device.send(make_item() | {"id": str(uuid.uuid4())})[0]["status"] == "applied"


def test_other_owner_of_the_id(device, other):
    """A tombstone is of one owner's item."""
    item = make_item() | {"id": str(uuid.uuid4())}
    device.send(item)
    received(item, 401)
    for _ in range(2):
        retention.prune()

    assert other.send(item)[0]["status"] == "applied"


def test_unfinished_item(device, old):
    """What is not finished stays in the purged range."""
    SyncItem.objects.update(state="waiting", finished_at=None)
    for _ in range(2):
        retention.prune()

    assert row_of(old).payload is not None


def test_dead_item(device, old):
    """So does what is dead: somebody has to look at it."""
    SyncItem.objects.update(state="rejected", code="dead")
    for _ in range(2):
        retention.prune()

    assert row_of(old).code == "dead"


@pytest.mark.django_db
def test_cutoff_never_moves_back(settings):
    """What was declared gone stays gone when the settings become generous again."""
    settings.BGSYNC = {"RETAIN_ITEMS": timedelta(days=100)}
    retention.prune()
    cutoff = PurgedRange.objects.get().cutoff
    settings.BGSYNC = {}
    retention.prune()

    assert PurgedRange.objects.get().cutoff == cutoff


# Payloads


def stored(item) -> bool:
    return row_of(item).payload is not None


@pytest.mark.parametrize(("days", "is_kept"), [(29, True), (31, False)])
def test_payload(device, days, is_kept, settings, tmp_path):
    """The payload goes after its time, with files and conflicting copies; the replay is answered as before."""
    item = make_item()
    [before] = device.send(item)
    device.send({**item, "payload": "other"})
    row = row_of(item)
    settings.BGSYNC = {"FILE_ROOT": tmp_path}
    file = StoredFile(item=row, name="a", size=1, digest="", saved_at=timezone.now())
    file.file.save("a", ContentFile(b"a"))
    SyncItem.objects.update(finished_at=timezone.now() - timedelta(days=days))

    assert retention.prune() == {**NONE, "payloads": int(not is_kept)}
    assert (stored(item), StoredFile.objects.exists(), ConflictingCopy.objects.exists()) == (is_kept,) * 3
    assert any(path.is_file() for path in tmp_path.rglob("*")) is is_kept
    assert device.send(item) == [{**before, "replayed": True}]


@pytest.mark.parametrize(("code", "is_kept"), [("discarded", False), ("sold_out", True), ("dead", True)])
def test_payload_of_a_rejected_item(device, code, is_kept):
    """What an operator discarded loses its payload; what can be tried again keeps it."""
    item = script("reject")
    device.send(item)
    SyncItem.objects.update(code=code, finished_at=timezone.now() - timedelta(days=31))
    retention.prune()

    assert stored(item) is is_kept


@pytest.mark.parametrize(
    ("retained", "days", "is_kept"),
    [
        ("always", 399, True),
        ("until_applied", 0, False),
        (timedelta(days=3), 2, True),
        (timedelta(days=3), 4, False),
    ],
)
def test_retain_payload(device, monkeypatch, retained, days, is_kept):
    """A handler's own word on its payloads comes before the settings."""
    object.__setattr__(registry["note"], "retain_payload", retained)
    item = make_item()
    device.send(item)
    received(item, days)
    retention.prune()
    object.__setattr__(registry["note"], "retain_payload", None)

    assert stored(item) is is_kept


# History


def test_history(device):
    """Attempts and deliveries go after their time, the item stays."""
    item, later = make_item(), make_item()
    device.send(item)
    age_keys(timezone.now() - timedelta(days=91))
    device.send(later)

    assert retention.prune() == {**NONE, "attempts": 1, "deliveries": 1}
    assert (SyncItem.objects.count(), DeliveryAttempt.objects.count(), Delivery.objects.count()) == (2, 1, 1)


def test_pulls(db):
    """Pulls of feeds go as deliveries do."""
    now = timezone.now()
    for days in (89, 91):
        key = first_key(now - timedelta(days=days), version=7)
        FeedPull.objects.create(pk=key, feed="news", outcome="complete", started_at=now, ended_at=now)

    assert retention.prune() == {**NONE, "pulls": 1}
    assert FeedPull.objects.count() == 1


@pytest.mark.parametrize(
    ("days", "client", "goes"),
    [
        (401, {}, True),
        (399, {}, False),
        (401, {"revoked_at": timezone.now()}, False),
        (401, {"owner": "c:019a9f2e-63f1-4cc1-b1a5-8a4d3d0f2b11"}, True),
        (401, {"owner": "c:019a9f2e-63f1-4cc1-b1a5-8a4d3d0f2b11", "user_id": 7}, False),
    ],
    ids=["long silent", "silent", "revoked", "visitor", "visitor who has become a user"],
)
def test_clients(db, days, client, goes):
    """A client that is silent for as long as items are kept goes, unless its row keeps somebody out."""
    seen = timezone.now() - timedelta(days=days)
    row = {"pk": uuid7(), "client_id": uuid.uuid4(), "owner": "u:1", "first_seen": seen, "last_seen": seen, **client}
    SyncClient.objects.create(**row)

    assert retention.prune() == {**NONE, "clients": int(goes)}
    assert SyncClient.objects.exists() != goes


def test_clients_with_items(device, old):
    """A client stays as long as there is an item of it."""
    dead = minted(401, tag="script", payload=["fail"])
    device.send(dead)
    SyncItem.objects.filter(item_id=dead["id"]).update(state="rejected", code="dead")
    SyncClient.objects.update(last_seen=timezone.now() - timedelta(days=401))

    assert [retention.prune()["clients"] for _ in range(3)] == [0, 0, 0]
    SyncItem.objects.all().delete()
    assert retention.prune()["clients"] == 1


def age_keys(instant) -> None:
    """Let attempts and deliveries have been made at that time: it is in their keys."""
    for model in (DeliveryAttempt, Delivery):
        [row] = model.objects.all()
        model.objects.filter(pk=row.pk).delete()
        row.pk = first_key(instant, version=7)
        row.save(force_insert=True)


def test_opened_while_it_is_removed(device, monkeypatch):
    """An item that its user opens again when a run has come to it stays, whatever becomes of the try."""
    item = minted(401, tag="script", payload=["reject", "fail"])
    device.send(item)
    received(item, 401)
    retention.prune()
    found = retention._chunks

    def chunks(rows):
        for pks in found(rows):
            assert device.send({**item, "retry": 1})[0]["code"] == "retrying"
            yield pks

    monkeypatch.setattr(retention, "_chunks", chunks)
    retention.prune()

    assert (row_of(item).state, row_of(item).payload) == ("waiting", '["reject","fail"]')


def test_chunks(device, monkeypatch):
    """However many there are, all of them go."""
    monkeypatch.setattr(retention, "CHUNK", 2)
    items = [minted(401) for _ in range(5)]
    device.send(*items)
    for item in items:
        received(item, 401)

    assert [retention.prune()["items"] for _ in range(2)] == [0, 5]


def test_command(device, old):
    """The command says what it removed; a dry run says what it would, and changes nothing."""
    one = [f"{number} {name}" for name, number in {**NONE, "payloads": 1}.items()]
    assert lines("--dry-run") == one
    assert (stored(old), PurgedRange.objects.exists()) == (True, False)
    assert lines() == one
    assert lines("--dry-run")[0] == lines()[0] == "1 items"


def lines(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("bgsync_prune", *arguments, stdout=out)
    return [line.strip() for line in out.getvalue().splitlines()]


def test_statements(device, django_assert_num_queries):
    """Nobody looks for the purged range when all ids are young, and few statements do when many are old."""
    user, now = device.user, timezone.now()
    young = [item_key(f"u:{user.pk}", uuid7()) for _ in range(100)]
    dated = [first_key(now - timedelta(days=days)) for days in range(2, 100)]
    with django_assert_num_queries(0):
        assert retention.purged(young) == set()
    with django_assert_num_queries(2):
        assert retention.purged([*young, *dated]) == set()
