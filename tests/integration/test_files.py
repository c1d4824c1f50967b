"""Items with files: what handlers get, what replays are, and what is left when something goes wrong."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.core.files.storage import storages
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework import serializers

from django_bgsync import Rejected, files
from django_bgsync.applying import processing
from django_bgsync.handlers import Handler, registry
from django_bgsync.models import StoredFile, SyncItem
from django_bgsync.rows import ledger
from django_bgsync.upkeep.sweep import sweep
from tests.app.models import Effect
from tests.deliveries import code_of, effects_of, make_due, make_item, problem_of, read, result, row_of
from tests.uploads import upload

PIXELS, OTHER_PIXELS = b"\x89PNG\r\n\x1a\n\0" * 40_000, b"other pixels"


class PhotoSerializer(serializers.Serializer[Any]):
    caption = serializers.CharField()
    photo = serializers.FileField()


class PhotoForm(forms.Form):
    caption = forms.CharField()
    photo = forms.FileField()


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    """A place for files."""
    settings.BGSYNC = {"FILE_ROOT": tmp_path}
    return tmp_path


@pytest.fixture
def handle(monkeypatch):
    """Register a function for the tag `photo`."""

    def register(function, **options):
        monkeypatch.setitem(registry._entries, "photo", Handler(tag="photo", function=function, **options))

    return register


def tell(item):
    """What there is to know about the files of an item."""
    Effect.objects.create(item=item.id)
    return {
        name: [file.name, file.content_type, file.size, hashlib.sha256(file.read()).hexdigest()]
        for name, file in item.files.items()
    }


def told(content, filename="photo.png"):
    return [filename, "image/png", len(content), hashlib.sha256(content).hexdigest()]


def photo(**members):
    return make_item("photo", {"caption": "hi"}, **members)


def stored(root: Path):
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "content", [PIXELS, b"", b"--\r\n----bgsync", b"\r\n"], ids=["large", "empty", "dashes", "line"]
)
def test_handler_reads_files(device, handle, root, content):
    """A handler reads what came, byte by byte, with the name, type and size the device gave."""
    handle(tell)
    item = photo()
    answer = read(upload(device, item, files=[(item, "photo", content)]))

    assert answer["results"] == [result(item, result={"photo": told(content)})]
    [row] = StoredFile.objects.all()
    assert (row.item_id, row.name, row.filename, row.size) == (row_of(item).pk, "photo", "photo.png", len(content))
    assert row.digest == hashlib.sha256(content).hexdigest()
    assert [path.read_bytes() for path in stored(root)] == [content]
    assert row_of(item).file_count == 1


def test_files_of_several_items(device, handle):
    """Each item gets its own files, and one without gets none."""
    handle(tell)
    one, two, none = photo(), photo(), photo()
    files_ = [(two, "b", b"2b"), (one, "a", b"1a"), (two, "a", b"2a")]
    answer = read(upload(device, one, none, two, files=files_))

    assert [verdict["result"] for verdict in answer["results"]] == [
        {"a": told(b"1a", "a.png")},
        {},
        {"a": told(b"2a", "a.png"), "b": told(b"2b", "b.png")},
    ]


def test_delivery_without_files(device, root):
    """A form that holds only an envelope is a delivery like any other, storage or not."""
    item = make_item()

    assert read(upload(device, item))["results"][0]["status"] == "applied"
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize("options", [{"serializer": PhotoSerializer}, {"form": PhotoForm}], ids=["serializer", "form"])
def test_files_are_validated(device, handle, options):
    """Serializers and forms take files as they do in a view."""
    handle(lambda item: [item.data["caption"], item.data["photo"].read().decode(), item.data["photo"].name], **options)
    item, bare = photo(), photo()
    answer = read(upload(device, item, bare, files=[(item, "photo", b"pixels")]))

    assert answer["results"][0] == result(item, result=["hi", "pixels", "photo.png"])
    assert answer["results"][1]["code"] == "invalid"
    assert list(answer["results"][1]["problem"]["errors"]) == ["photo"]


def test_many(device, handle):
    """A `many` handler gets the files of each; tried again one at a time, it reads them from their beginning."""

    def keep(items):
        texts = [item.files["photo"].read().decode() for item in items]
        if len(items) > 1:
            raise KeyError
        return texts

    handle(keep, many=True)
    one, two = photo(), photo()
    answer = read(upload(device, one, two, files=[(one, "photo", b"1"), (two, "photo", b"2")]))

    assert [verdict["result"] for verdict in answer["results"]] == ["1", "2"]


def test_files_at_a_later_try(device, handle):
    """A handler that failed finds the files again."""

    def keep(item):
        text = item.files["photo"].read().decode()
        if item.attempt == 1:
            raise KeyError
        return text

    handle(keep)
    item = photo()
    upload(device, item, files=[(item, "photo", b"pixels")])
    make_due(item)

    assert [news["result"] for news in device.ask(item)] == ["pixels"]


def test_a_file_is_kept_by_the_handler(device, handle, root):
    """A file can be handed on to a storage, and read twice."""
    seen = []

    def keep(item):
        file = item.files["photo"]
        with file.open() as opened:
            seen.append(b"".join(opened.chunks()))
        seen.append(b"".join(file))

    handle(keep)
    item = photo()
    upload(device, item, files=[(item, "photo", PIXELS)])

    assert seen == [PIXELS, PIXELS]


def test_replay_with_the_same_files(device, handle, root):
    """The same bytes again are a replay: nothing runs, and nothing is saved."""
    handle(tell)
    item = photo()
    first = read(upload(device, item, files=[(item, "photo", PIXELS)]))["results"]

    assert read(upload(device, item, files=[(item, "photo", PIXELS)]))["results"] == [{**first[0], "replayed": True}]
    assert (effects_of(item), len(stored(root)), StoredFile.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize(
    "files_", [[("photo", OTHER_PIXELS)], [("picture", PIXELS)], [], [("photo", PIXELS), ("more", b"")]]
)
def test_replay_with_other_files(device, handle, root, files_):
    """Other bytes, another name, more or fewer files: other content under a known id."""
    handle(tell)
    item = photo()
    upload(device, item, files=[(item, "photo", PIXELS)])
    [verdict] = read(upload(device, item, files=[(item, *named) for named in files_]))["results"]

    assert (verdict["status"], verdict["code"]) == ("conflict", "payload_mismatch")
    assert (effects_of(item), len(stored(root))) == (1, 1)


def test_order_and_file_names_do_not_matter(device, handle):
    """The order of the parts is the browser's, not the item's."""
    handle(tell)
    item = photo()
    upload(device, item, files=[(item, "a", b"1"), (item, "b", b"2")])
    [verdict] = read(upload(device, item, files=[(item, "b", b"2"), (item, "a", b"1")]))["results"]

    assert (verdict["status"], verdict["replayed"]) == ("applied", True)


def test_one_id_twice(device, handle, root):
    """An item that is twice in one delivery has its files once."""
    handle(tell)
    item = photo()
    answer = read(upload(device, item, item, files=[(item, "photo", b"1")]))

    assert [verdict["replayed"] for verdict in answer["results"]] == [False, True]
    assert (effects_of(item), len(stored(root))) == (1, 1)


def test_lost_race(device, handle, monkeypatch, root):
    """Two deliveries that save the files of one item at the same time: the item keeps those of the first receipt."""
    handle(tell)
    item = photo()
    first = read(upload(device, item, files=[(item, "photo", b"1")]))["results"]
    monkeypatch.setattr("django_bgsync.receiving.reception._look_first", lambda *args: {})

    assert read(upload(device, item, files=[(item, "photo", b"1")]))["results"] == [{**first[0], "replayed": True}]
    assert sorted(row.item_id is None for row in StoredFile.objects.all()) == [False, True]
    assert files.sweep_orphans(timezone.now() + timedelta(days=2)) == 1
    assert read(upload(device, item, files=[(item, "photo", b"1")]))["results"][0]["replayed"] is True


def test_a_rejected_item_keeps_its_files(device, handle):
    """The user may try again: a rejected item still has its files."""

    def keep(item):
        if item.attempt == 1:
            raise Rejected("Not now.")
        return item.files["photo"].read().decode()

    handle(keep)
    item = photo()
    upload(device, item, files=[(item, "photo", b"pixels")])
    [verdict] = read(upload(device, {**item, "retry": 1}, files=[(item, "photo", b"pixels")]))["results"]

    assert (verdict["status"], verdict["result"]) == ("applied", "pixels")


@pytest.mark.parametrize("item", [{"id": "x"}, make_item("nobody"), make_item("Nota bene!")])
def test_items_that_leave_no_row_leave_no_files(device, root, item):
    """The files of an item that is not stored are not kept."""
    owners = [(item, "photo", b"pixels")] if len(item["id"]) == 36 else []
    [verdict] = read(upload(device, item, files=owners))["results"]

    assert verdict["status"] in {"rejected", "deferred"}
    assert (stored(root), StoredFile.objects.count()) == ([], 0)


@pytest.mark.parametrize("settings_", [{}, {"FILE_STORAGE": "missing"}])
def test_no_place_for_files(device, settings, handle, settings_):
    """Without a storage a delivery with files has to wait; one without files does not."""
    settings.BGSYNC, settings.MEDIA_ROOT = settings_, ""
    item = photo()
    response = upload(device, item, files=[(item, "photo", PIXELS)])

    assert code_of(response) == (503, "unavailable")
    assert response["Retry-After"] == "300"
    assert not SyncItem.objects.exists()
    assert read(upload(device, make_item()))["results"][0]["status"] == "applied"


def test_storage_of_the_project(device, handle, settings, root):
    """The alias in STORAGES is where files are, before any directory."""
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"bgsync": memory}
    handle(tell)
    item = photo()
    answer = read(upload(device, item, files=[(item, "photo", PIXELS)]))
    file = StoredFile.objects.get().file

    assert answer["results"][0]["result"] == {"photo": told(PIXELS)}
    assert (file.size, file.storage.exists(file.name), stored(root)) == (len(PIXELS), True, [])
    assert storages["bgsync"].exists(file.name)


def test_storage_fails(device, monkeypatch, root):
    """A disk that is full is a reason to wait. What was saved is swept after a day, and the item is not lost."""
    item = make_item()
    with monkeypatch.context() as broken:
        broken.setattr("django.core.files.storage.FileSystemStorage._save", full)
        assert code_of(upload(device, item, files=[(item, "photo", PIXELS)])) == (503, "unavailable")

    assert not SyncItem.objects.exists()
    assert read(upload(device, item, files=[(item, "photo", PIXELS)]))["results"][0]["status"] == "applied"
    assert files.sweep_orphans(timezone.now() + timedelta(days=2)) == 1
    assert len(stored(root)) == StoredFile.objects.count() == 1


def full(*args, **kwargs):
    raise OSError(28, "No space left on device")


class TestOrphans:
    @pytest.fixture(autouse=True)
    def before(self, device, monkeypatch, root):
        """Files of an item whose receipt was not committed."""
        self.item = make_item()
        with monkeypatch.context() as broken:
            broken.setattr(ledger, "receive", self.fail)
            response = upload(device, self.item, files=[(self.item, "photo", PIXELS)])
        assert problem_of(response)["code"] == "unavailable"
        assert len(stored(root)) == StoredFile.objects.filter(item=None).count() == 1

    @staticmethod
    def fail(*args, **kwargs):
        raise OperationalError("gone")

    def test_kept_for_a_day(self, root):
        """A delivery may still be at it: nothing younger than a day is an orphan."""
        assert files.sweep_orphans(timezone.now() + timedelta(hours=23)) == 0
        assert len(stored(root)) == 1

    def test_swept_after_a_day(self, device, root):
        """Afterwards orphans go, with their rows; files that belong to an item stay."""
        upload(device, self.item, files=[(self.item, "photo", PIXELS)])
        assert len(stored(root)) == 2

        StoredFile.objects.update(saved_at=timezone.now() - timedelta(days=2))
        sweep()
        assert len(stored(root)) == 1
        assert StoredFile.objects.get().item == row_of(self.item)

    def test_bytes_that_are_gone_already(self, root):
        """What is not there needs no removing."""
        stored(root)[0].unlink()

        assert files.sweep_orphans(timezone.now() + timedelta(days=2)) == 1

    def test_bytes_that_stay(self, monkeypatch):
        """A file that cannot be removed is tried again later."""
        monkeypatch.setattr("django.core.files.storage.FileSystemStorage.delete", full)

        assert files.sweep_orphans(timezone.now() + timedelta(days=2)) == 0
        assert StoredFile.objects.count() == 1


def test_files_of_items_are_removed(device, root):
    """Retention removes the files of the items it names, and no others."""
    one, two = make_item(), make_item()
    upload(device, one, two, files=[(one, "photo", b"1"), (two, "photo", b"2"), (two, "more", b"3")])

    assert files.remove_of([row_of(two).pk]) == 2
    assert [path.read_bytes() for path in stored(root)] == [b"1"]
    assert [row.item_id for row in StoredFile.objects.all()] == [row_of(one).pk]


def test_statements_are_constant(device, handle, monkeypatch):
    """Files cost a few statements per delivery, however many there are."""
    monkeypatch.setattr(processing, "SHARED_SECONDS", 60)  # a slow machine would need another transaction
    handle(lambda items: [len(item.files) for item in items], many=True)
    upload(device, photo())
    counts = set()
    for count in (1, 10, 100):
        items = [photo() for _ in range(count)]
        with CaptureQueriesContext(connection) as captured:
            upload(device, *items, files=[(item, "photo", b"1") for item in items[:20]])
        counts.add(len(captured))

    assert len(counts) == 1
    assert StoredFile.objects.count() == 31
