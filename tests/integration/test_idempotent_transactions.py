"""What a view under `idempotent` leaves when its process ends or the commit fails, with and without ATOMIC_REQUESTS."""

from __future__ import annotations

from copy import copy

import pytest
from django.db import OperationalError, connection

from django_bgsync.identity import uuid7
from django_bgsync.models import SyncItem
from django_bgsync.rows import ledger
from tests.app import views
from tests.deliveries import age_claim
from tests.orders import effects, only_row, order, refusal, seen, tries

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def atomic_requests(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)


@pytest.fixture
def interrupted(device):
    with pytest.raises(SystemExit):
        order(device, "exit")
    return only_row()


def test_killed_process_leaves_a_trace(device, interrupted):
    """The receipt is there, and its claim; a replay that comes soon waits, and nothing is run."""
    assert (interrupted.state, interrupted.attempts, effects()) == ("received", 1, 0)
    refused = order(device, "exit")
    assert (refusal(refused), refused["Retry-After"]) == ((409, "in_flight"), "2")
    assert only_row().attempts == 1


def test_replay_after_a_killed_process(device, interrupted, monkeypatch):
    """The next try runs the view, and its history tells of the lost one."""
    monkeypatch.setitem(views.ANSWERS, "exit", views.with_cookie)
    age_claim({"id": interrupted.item_id})

    assert order(device, "exit").status_code == 201
    assert [(number, hand, outcome) for number, hand, outcome, _ in tries()] == [
        (1, "receipt", "lost"),
        (2, "replay", "applied"),
    ]
    assert effects() == 1


def test_killed_again_and_again(device, interrupted):
    """Nobody but the sender could open it again, so it is never given up."""
    for _ in range(10):
        age_claim({"id": interrupted.item_id})
        with pytest.raises(SystemExit):
            order(device, "exit")

    assert (only_row().state, only_row().attempts) == ("waiting", 11)


def test_faster_sender(device, monkeypatch):
    """Between the look and the insert another process may be faster: this one waits for its answer."""
    receive = ledger.receive

    def receive_later(rows, delivery):
        others, other_delivery = [copy(row) for row in rows], copy(delivery)
        other_delivery.pk = uuid7()
        for row in others:
            row.delivery_id = other_delivery.pk
        receive(others, other_delivery)
        return receive(rows, delivery)

    monkeypatch.setattr(ledger, "receive", receive_later)

    assert refusal(order(device)) == (409, "in_flight")
    assert effects() == 0


def test_faster_sender_out_of_sight(device, monkeypatch):
    """An older snapshot does not show the row that kept the insert away."""
    monkeypatch.setattr(ledger, "receive", lambda rows, delivery: set())

    assert refusal(order(device)) == (409, "in_flight")
    assert effects() == 0


def test_commit_that_fails(device, monkeypatch):
    """Effect and answer are one commit: when it fails the client hears 503, and its next try runs."""
    original = connection.commit
    commits = []

    def commit_until_the_effect():
        commits.append(effects())
        if commits[-1]:
            raise OperationalError("cut off")
        original()

    with monkeypatch.context() as cut:
        cut.setattr(connection, "commit", commit_until_the_effect)
        refused = order(device)

    assert (refusal(refused), effects()) == ((503, "unavailable"), 0)
    assert order(device).status_code == 201
    assert effects() == 1


def test_conflict_at_the_commit(device, monkeypatch):
    """A view is not run twice for one request: it may have changed the session, which no database takes back."""
    original = connection.commit
    runs = []

    def commit_until_the_effect():
        if effects():
            runs.append(effects())
            raise OperationalError(1213, "Deadlock found when trying to get lock")
        original()

    with monkeypatch.context() as cut:
        cut.setattr(connection, "commit", commit_until_the_effect)
        refused = order(device)

    assert (refusal(refused), runs) == ((503, "unavailable"), [1])
    assert order(device).status_code == 201


def test_atomic_requests(atomic_requests, device):
    """Within the request's transaction everything is as without it."""
    first, again = order(device), order(device)

    assert (first.status_code, seen(first)) == (201, seen(again))
    assert (effects(), tries()) == (1, [(1, "receipt", "applied", "ok")])


@pytest.mark.parametrize("what", ["503", "raise 404"])
def test_rolled_back_in_atomic_requests(atomic_requests, device, what):
    """What the view wrote is rolled back, the row and its history are not."""
    for _ in range(2):
        order(device, what)

    assert (effects(), len(tries())) == (0, {"503": 2, "raise 404": 1}[what])


def test_error_in_atomic_requests(atomic_requests, device):
    """A 500 rolls back the request's transaction, and with it every trace of the key."""
    assert order(device, "fail").status_code == 500
    assert (effects(), SyncItem.objects.count()) == (0, 0)


def test_killed_in_atomic_requests(atomic_requests, device):
    """Claim, effect and answer are one transaction: a killed process leaves none of them."""
    with pytest.raises(SystemExit):
        order(device, "exit")

    assert not SyncItem.objects.exists()


@pytest.mark.parametrize("path", ["api/?what=invalid", "api-set/?what=invalid"])
def test_refusal_of_drf_in_atomic_requests(atomic_requests, device, path):
    """DRF marks the request's transaction for rollback when it refuses: for the writes, not the answer."""
    headers = {"Idempotency-Key": "1"}
    first, again = [device.http.post(f"/orders/{path}", headers=headers) for _ in range(2)]

    assert (first.status_code, seen(first), effects()) == (400, seen(again), 0)
    assert tries() == [(1, "receipt", "rejected", "http_400")]
