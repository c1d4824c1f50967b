"""What operators do to tags and clients, and what the next delivery hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from django_bgsync import RetryLater
from django_bgsync.enums import Operation
from django_bgsync.models import OperatorAction, SyncClient, SyncItem, SyncTag
from django_bgsync.operations import actions
from django_bgsync.operations.selections import Selection
from django_bgsync.upkeep import sweep
from tests.deliveries import code_of, effects_of, make_due, make_item, read, result, row_of

NOTE = Selection(tag="note")


@pytest.fixture
def known(device):
    """A device that has sent something."""
    device.send(make_item())
    return device


def operate(kind, selection=NOTE, **said):
    return actions.request(Operation(kind), selection, username="root", **said)


def test_pause_and_resume(known):
    """While a tag is paused its items are received and wait; then they are due."""
    operate("pause", reason="Lunch.")
    item = make_item()
    assert known.send(item) == [result(item, "accepted", "paused")]
    assert (SyncTag.objects.get().reason, sweep.sweep(), effects_of(item)) == ("Lunch.", 0, 0)
    operate("resume")

    assert known.ask(item)[0]["status"] == "applied"
    assert SyncTag.objects.get().reason == ""


def test_resuming_calls_a_worker(known, django_capture_on_commit_callbacks, monkeypatch):
    """What waited is not left to the sweeper."""
    calls = []
    monkeypatch.setattr("django_bgsync.operations.switches.calls.call", lambda: calls.append(1))
    operate("pause", reason="Lunch.")
    operate("resume")

    assert calls == [1]


def test_close(known):
    """A closed tag rejects what is new; what was received goes on."""
    waiting = make_item("background")
    known.send(waiting)
    operate("close", Selection(tag="background"), reason="Over.")
    late = make_item("background")

    assert known.send(late)[0]["code"] == "tag_closed"
    sweep.sweep()
    assert row_of(waiting).state == "applied"


def test_revoke_and_restore(known):
    """A revoked client is refused until it is restored; others are not."""
    client = Selection(client=SyncClient.objects.get().pk)
    operate("revoke", client, reason="Lost on the train.")
    item = make_item()
    assert code_of(known.deliver(item)) == (401, "client_revoked")
    operate("restore", client)

    assert read(known.deliver(item))["results"][0]["status"] == "applied"


def test_rename(known):
    """A client has the name that an operator gave it, also after it has sent again."""
    client = Selection(client=SyncClient.objects.get().pk)
    operate("rename", client, values={"label": "Till 3"})
    known.send(make_item())

    assert SyncClient.objects.get().label == "Till 3"


@pytest.mark.parametrize("kind", ["pause", "resume", "close", "revoke", "restore", "rename"])
def test_nobody(db, kind):
    """What is not there is not made; the attempt is kept all the same."""
    action = operate(kind, reason="x")

    assert (action.state, action.total, action.done) == ("done", 0, 0)
    assert not SyncTag.objects.exists()


@pytest.mark.parametrize("kind", ["pause", "close"])
def test_again(known, kind):
    """What is so already is not changed, nor is its reason."""
    operate(kind, reason="First.")

    assert operate(kind, reason="Second.").done == 0
    assert SyncTag.objects.get().reason == "First."


def test_pauses_stop_the_clock(device, handler):
    """An item that its handler puts off is given the time for which its tag was paused."""

    @handler("patient", max_age=timedelta(hours=1))
    def patient(item):
        raise RetryLater(60)

    device.send(item := make_item("patient"))
    for kind in ("pause", "resume"):
        operate(kind, Selection(tag="patient"), reason="x")
    now = timezone.now()
    SyncItem.objects.update(received_at=now - timedelta(hours=3))
    OperatorAction.objects.filter(kind="pause").update(finished_at=now - timedelta(hours=2.5))
    OperatorAction.objects.filter(kind="resume").update(finished_at=now - timedelta(hours=0.25))

    make_due(item)
    assert device.ask(item)[0]["code"] == "retrying"  # three quarters of an hour of its own
    OperatorAction.objects.filter(kind="pause").update(finished_at=now - timedelta(hours=2))
    make_due(item)
    assert device.ask(item)[0]["code"] == "dead"
