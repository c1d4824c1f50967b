"""GET health/: whether what is due gets done."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_bgsync.enums import Hand
from django_bgsync.models import Heartbeat, SyncItem, SyncTag
from django_bgsync.upkeep import heartbeats, sweep
from tests.deliveries import make_item, row_of

OK = (200, {"status": "ok"})
STALLED = (503, {"status": "stalled"})
DETAILS = ["status", "oldest_due_at", "last_sweep_at", "last_worker_at"]


@pytest.fixture(autouse=True)
def _forgetful():
    cache.clear()
    yield
    cache.clear()


def ask(client=None):
    response = (client or Client()).get(reverse("django_bgsync:health"))
    return response.status_code, json.loads(response.content)


def age(item, by: timedelta) -> None:
    assert SyncItem.objects.filter(item_id=item["id"]).update(next_at=timezone.now() - by) == 1


def silence(hand: Hand, by: timedelta) -> None:
    heartbeats.beat(hand)
    Heartbeat.objects.filter(pk=hand).update(beat_at=timezone.now() - by)


@pytest.fixture
def item(device):
    item = make_item("background")
    device.send(item)
    return item


def test_nothing_happened_yet(db):
    """A new site is healthy."""
    assert ask() == OK


def test_headers(db):
    """The answer is ours, and nobody may keep it."""
    response = Client().get(reverse("django_bgsync:health"))

    assert (response["Cache-Control"], response["X-BGSync"]) == ("no-store", "1")
    assert response["Content-Type"] == "application/json"


def test_reading_only(db):
    assert Client().post(reverse("django_bgsync:health")).status_code == 405


def test_login_is_not_required(db, settings):
    """A project that wants a login everywhere still has a health to look at."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]

    assert ask() == OK


def test_item_is_overdue(item):
    """An item that has been due for five minutes was forgotten by all."""
    age(item, timedelta(minutes=4))
    assert ask() == OK

    cache.clear()
    age(item, timedelta(minutes=6))
    assert ask() == STALLED

    cache.clear()
    sweep.sweep()
    assert ask() == OK


def test_paused_item(item):
    """What an operator has stopped is not forgotten."""
    age(item, timedelta(hours=1))
    SyncTag.objects.update(state="paused")

    assert ask() == OK


def test_item_in_hand(item):
    """An item that somebody is at is not forgotten, until they have been silent for as long."""
    age(item, timedelta(hours=1))
    SyncItem.objects.update(claimed_at=timezone.now())
    assert ask() == OK

    cache.clear()
    SyncItem.objects.update(claimed_at=timezone.now() - timedelta(minutes=6))
    assert ask() == STALLED


def test_sweeper_is_silent(db):
    """A sweeper that there was must go on."""
    silence(Hand.SWEEPER, timedelta(minutes=9))
    assert ask() == OK

    cache.clear()
    silence(Hand.SWEEPER, timedelta(minutes=11))
    assert ask() == STALLED


def test_worker_is_silent(db):
    """A worker only comes when it is called."""
    silence(Hand.WORKER, timedelta(days=1))

    assert ask() == OK


def test_staff_sees_more(item, admin_client):
    """Staff is told what is wrong."""
    age(item, timedelta(minutes=6))
    silence(Hand.SWEEPER, timedelta(minutes=1))
    status, document = ask(admin_client)

    assert (status, list(document)) == (503, DETAILS)
    assert document["oldest_due_at"][:19] == row_of(item).next_at.isoformat()[:19]
    assert document["last_sweep_at"] is not None
    assert document["last_worker_at"] is None


def test_user_sees_no_more(device):
    assert ask(device.http) == OK


def test_answer_is_kept_for_five_seconds(item, django_assert_num_queries, monkeypatch):
    """Monitors that ask often cost nothing."""
    ages = []
    monkeypatch.setattr(cache, "set", lambda key, value, timeout: ages.append(timeout))
    ask()
    assert ages == [5]

    monkeypatch.undo()
    ask()
    age(item, timedelta(minutes=6))
    with django_assert_num_queries(0):
        assert ask() == OK


def test_database_is_down(admin_client, monkeypatch):
    """A database that is down is told as such, to whoever asks, and is no error of the server."""

    def fail(self, *args):
        raise OperationalError("the server is gone")

    with monkeypatch.context() as down:
        down.setattr("django.db.backends.utils.CursorWrapper.execute", fail)
        assert ask() == STALLED
        assert ask(admin_client) == STALLED


def test_cache_is_down(db, monkeypatch):
    """Without its cache it looks each time."""

    def fail(*args):
        raise ConnectionError("no cache")

    monkeypatch.setattr(cache, "get", fail)
    monkeypatch.setattr(cache, "set", fail)

    assert ask() == OK
