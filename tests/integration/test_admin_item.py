"""An item's page in the admin: its whole story, what it held for those who may see it, and its neighbours."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_bgsync import printing
from django_bgsync.admin import downloads
from django_bgsync.enums import NoteKind
from django_bgsync.models import Delivery, DeliveryAttempt, ItemNote, OperatorAction, StoredFile, SyncItem, SyncTag
from django_bgsync.reports import story
from tests.deliveries import make_due, make_item, row_of, script
from tests.uploads import upload


@pytest.fixture(autouse=True)
def root(settings, tmp_path):
    """A place for files."""
    settings.BGSYNC = {"FILE_ROOT": tmp_path}


@pytest.fixture
def staff(django_user_model, db):
    """Signs somebody in who has these permissions."""

    def sign_in(*codenames):
        person = django_user_model.objects.create_user(f"staff{len(codenames)}", is_staff=True)
        person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        http = Client()
        http.force_login(person)
        return http

    return sign_in


@pytest.fixture
def clerk(staff):
    return staff("view_syncitem")


@pytest.fixture
def reader(staff):
    return staff("view_syncitem", "view_payload")


def page_of(item):
    return reverse("admin:django_bgsync_syncitem_change", args=[item.pk])


def text_of(http, item, status=200):
    response = http.get(page_of(item))
    assert response.status_code == status
    return unescape(response.content.decode())


def test_story_in_the_order_of_time(device):
    """From the device's clock to the last commit: made, received, each try, then what is due."""
    made = timezone.now() - timedelta(hours=5)
    device.send(item := script("fail", "fail", created_at=made.isoformat()))
    make_due(item)
    device.ask(item)
    told = story.of(row_of(item))

    assert [moment.kind for moment in told.moments] == ["made", "received", "tried", "tried", "due"]
    assert [moment.subject.number for moment in told.moments if moment.kind == "tried"] == [1, 2]
    assert told.moments[0].since is None
    assert told.moments[1].since == told.moments[1].at - told.moments[0].at > timedelta(hours=4)
    assert told.is_whole


def test_story_of_operators_and_replays(device):
    """What an operator did and what the client repeated are in the story, in their places."""
    device.send(item := make_item())
    row, now = row_of(item), timezone.now()
    SyncItem.objects.update(replays=3, last_replay_at=now + timedelta(minutes=2))
    action = OperatorAction.objects.create(kind="retry", username="eve", reason="fixed", requested_at=now)
    ItemNote.objects.create(
        item=row, tag=row.tag, kind=NoteKind.REOPENED, action=action, state="rejected", code="dead", noted_at=now
    )

    assert [moment.kind for moment in story.of(row_of(item)).moments] == ["received", "tried", "noted", "repeated"]


def test_page_tells_the_story(clerk, device):
    """Each try is shown with its trigger, outcome, code, duration, worker, error and traceback."""
    device.send(item := script("fail"), trigger="sync", context="worker", last_chance=True)
    text = text_of(clerk, row_of(item))
    [attempt] = DeliveryAttempt.objects.all()

    for shown in ("sync event", "service worker", "the browser’s last try", "failed", "retrying", " ms", "Traceback"):
        assert shown in text, shown
    assert attempt.worker in text
    assert attempt.error in text


def test_payload_for_those_who_may(clerk, reader, device):
    """Without `view_payload` the page shows the shape of what was sent, and nothing of what it says."""
    device.send(item := make_item(payload={"name": "secret", "list": ["secret"], "number": 12345}))

    assert '"secret"' in text_of(reader, row_of(item))
    hidden = text_of(clerk, row_of(item))
    assert "secret" not in hidden
    assert "12345" not in hidden
    assert '"name": "<6 characters>"' in hidden


def test_result_and_problem_are_contents(clerk, reader, device):
    """What the device was told holds contents, too; the sentence about it is for everybody."""
    device.send(item := make_item("script", ["conflict"]))
    SyncItem.objects.update(problem=json.dumps({"detail": "changed meanwhile", "current": {"owner": "secret"}}))

    assert "secret" in text_of(reader, row_of(item))
    assert "secret" not in text_of(clerk, row_of(item))
    assert "changed meanwhile" in text_of(clerk, row_of(item))


@pytest.mark.parametrize("name", ["payload", "file"])
def test_downloads_need_the_permission(clerk, reader, staff, device, name):
    """Files and payloads are handed out with `view_payload` only, and as files that no browser shows."""
    item = make_item()
    upload(device, item, files=[(item, "photo", b"<script>")])
    row = row_of(item)
    rest = [StoredFile.objects.get().pk] if name == "file" else []
    url = reverse(f"admin:django_bgsync_syncitem_{name}", args=[row.pk, *rest])

    assert Client().get(url).status_code == 302
    assert staff().get(url).status_code == 403
    assert clerk.get(url).status_code == 403
    answer = reader.get(url)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/octet-stream"
    assert "no-store" in answer["Cache-Control"]
    answer.close()


def test_downloads_are_harmless_by_themselves():
    """Also on a site without Django's security middleware no browser guesses what a download is, or runs it."""
    response = downloads.text("<script>", "..\\a/b\u202egpj.exe")

    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Content-Disposition"] == 'attachment; filename="b_u202egpj.exe"'


def test_lost_file(reader, device):
    """A file that the storage has lost, or of another item, is not found."""
    item, other = make_item(), make_item()
    upload(device, item, files=[(item, "photo", b"x")])
    device.send(other)
    stored = StoredFile.objects.get()

    def answer(row):
        return reader.get(reverse("admin:django_bgsync_syncitem_file", args=[row.pk, stored.pk])).status_code

    assert answer(row_of(other)) == 404
    stored.file.storage.delete(stored.file.name)
    assert answer(row_of(item)) == 404


def test_permissions_of_the_page(clerk, staff, device):
    """Nobody else sees it, and nobody sends it anything."""
    device.send(item := make_item())

    assert Client().get(page_of(row_of(item))).status_code == 302
    assert staff().get(page_of(row_of(item))).status_code == 403
    assert clerk.post(page_of(row_of(item))).status_code == 403
    assert clerk.get(reverse("admin:django_bgsync_syncitem_change", args=["no-id"])).status_code == 302


def test_conflicting_copy_is_compared(reader, clerk, device):
    """Other content under the same id is shown as what it changes."""
    device.send(item := make_item(payload={"text": "first", "same": 1}))
    device.send({**item, "payload": {"text": "second", "same": 1}})
    text = text_of(reader, row_of(item))

    assert '-  "text": "first"' in text
    assert '+  "text": "second"' in text
    assert "second" not in text_of(clerk, row_of(item))


def test_neighbours_in_the_lane(clerk, device):
    """Those before and after it in its lane are linked, others are not; held ones are counted."""
    first = script("fail", lane="a", seq=1)
    chain = [first]
    for seq in (2, 3):
        chain.append(make_item(lane="a", seq=seq, after=chain[-1]["id"]))
    device.send(*chain, elsewhere := make_item(lane="b"))
    told = story.of(row_of(chain[1]))

    assert [item.item_id for item in told.before] == [row_of(first).item_id]
    assert [item.item_id for item in told.after] == [row_of(chain[2]).item_id]
    assert told.held == 2
    text = text_of(clerk, row_of(chain[1]))
    assert page_of(row_of(first)) in text
    assert page_of(row_of(chain[2])) in text
    assert page_of(row_of(elsewhere)) not in text


def test_long_payload_is_cut(reader, device):
    """A payload of a megabyte is shown in part, with a link to the whole."""
    device.send(item := make_item())
    SyncItem.objects.update(payload=json.dumps({"text": "x" * 2**20}))
    response = reader.get(page_of(row_of(item)))

    assert len(response.content) < 3 * printing.SHOWN
    assert "The rest is left out." in response.content.decode()
    whole = reader.get(reverse("admin:django_bgsync_syncitem_payload", args=[row_of(item).pk]))
    assert len(whole.content) > 2**20


def test_directions_are_written_out(reader, device):
    """An override of the text's direction turns nothing round on any page."""
    turned = "invoice\u202egpj.exe"
    device.send(item := make_item(payload=turned, lane=turned))
    SyncItem.objects.update(code=turned)
    text = text_of(reader, row_of(item))

    assert "\u202e" not in text
    assert r"invoice\u202egpj.exe" in text


def test_constant_queries(reader, device):
    """One attempt or twenty, one neighbour or many: the page asks as often."""
    asked = []
    for count in (1, 10, 100):
        items = [script(*["retry later"] * 20, lane=f"lane {count}", seq=seq) for seq in range(count)]
        device.send(*items)
        for _ in range(min(count, 20) - 1):
            make_due(items[0])
            device.ask(items[0])
        with CaptureQueriesContext(connection) as captured:
            text_of(reader, row_of(items[0]))
        asked.append(len(captured))

    assert asked[0] == asked[1] == asked[2] <= 16


def test_missing_parts(reader, device):
    """A story without its delivery, user, client, payload and files is still told."""
    item = make_item()
    upload(device, item, files=[(item, "photo", b"x")])
    Delivery.objects.all().delete()
    StoredFile.objects.all().delete()
    device.user.delete()
    SyncItem.objects.update(payload=None, client=None)

    assert "Its files have been removed." in text_of(reader, row_of(item))


def test_operations_that_make_sense(staff, device):
    """A page offers what its item's state and the person's permissions allow."""
    device.send(applied := make_item(), refused := script("reject"))
    boss = staff("view_syncitem", "retry_syncitem", "discard_syncitem", "release_syncitem")
    clerk = staff("view_syncitem")

    assert "kind=" not in text_of(boss, row_of(applied))
    assert "kind=retry" in text_of(boss, row_of(refused))
    assert "kind=release" not in text_of(boss, row_of(refused))
    assert "kind=" not in text_of(clerk, row_of(refused))


def test_retry_is_offered_where_it_does_something(staff, device):
    """Not for what waits for another item, has only just come, has lost its payload, or has no handler."""
    boss = staff("view_syncitem", "retry_syncitem", "discard_syncitem", "release_syncitem")
    device.send(item := script("fail", lane="orders"))

    def offered(**changes):
        SyncItem.objects.update(**changes)
        return re.findall(r"operate/\?kind=(\w+)", text_of(boss, row_of(item)))

    assert offered() == ["retry", "discard"]
    assert offered(state="held") == ["release", "discard"]
    assert offered(state="received") == ["discard"]
    assert offered(state="rejected", code="dead", next_at=None) == ["retry", "discard"]
    assert offered(payload=None) == ["discard"]
    assert offered(payload="{}", tag="gone") == ["discard"]


def test_paused_tag(clerk, device):
    """An item that waits for its tag says so, and why; what is finished waits for nothing."""
    device.send(item := script("fail"), done := make_item("script"))
    SyncTag.objects.update(state="paused", reason="The till is closed.")

    for text in ("its tag is paused", "The till is closed.", "Tried when its tag is resumed"):
        assert text in text_of(clerk, row_of(item))
    SyncItem.objects.filter(pk=row_of(done).pk).update(state="applied", code="ok", next_at=None)
    assert "its tag is paused" not in text_of(clerk, row_of(done))
