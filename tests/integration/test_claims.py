"""Processes that end in the middle of an item, and those that come upon it meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from django_bgsync.handlers import registry
from django_bgsync.models import DeliveryAttempt
from tests.app.bgsync import ANSWER
from tests.deliveries import (
    age_claim,
    claim,
    effects_of,
    history_of,
    make_due,
    make_item,
    result,
    row_of,
    script,
)

LOST = (1, "receipt", "lost", "retrying")


@pytest.fixture
def interrupted(device):
    """An item whose first try ended its process: the receipt is there, and the claim."""
    item = script("exit", "apply")
    with pytest.raises(SystemExit):
        device.deliver(item)
    return item


def test_receipt_is_committed_before_the_handler_runs(interrupted):
    """The row is there, carries its claim, and nothing that the handler wrote."""
    row = row_of(interrupted)

    assert (row.state, row.attempts, row.failures) == ("received", 1, 0)
    assert row.claimed_at is not None
    assert (effects_of(interrupted), history_of(interrupted)) == (0, [])


def test_interrupted_delivery(device):
    """When the process ends at an item, those that shared its transaction are stored, and applied once later."""
    items = make_item(), script("exit", "apply"), make_item()
    with pytest.raises(SystemExit):
        device.deliver(*items)

    assert [row_of(item).state for item in items] == ["received"] * 3
    for item in items:
        age_claim(item)
    found = device.send(*({**item, "send_count": 2} for item in items))
    assert [(each["status"], each["replayed"]) for each in found] == [("applied", True)] * 3
    assert [effects_of(item) for item in items] == [1, 1, 1]


@pytest.mark.parametrize("send_count", [1, 2])
def test_in_flight(device, interrupted, send_count):
    """A fresh claim is somebody's work: the replay is deferred, and nothing is run or written."""
    claimed_at = row_of(interrupted).claimed_at

    assert device.send({**interrupted, "send_count": send_count}) == [
        result(interrupted, "deferred", "in_flight", retry_after=2)
    ]
    assert device.ask(interrupted) == [result(interrupted, "deferred", "in_flight", retry_after=2)]
    assert (row_of(interrupted).claimed_at, row_of(interrupted).attempts) == (claimed_at, 1)


def test_in_flight_at_a_later_try(device):
    """The claim of a later try counts as that of the first."""
    item = script("fail", "apply")
    device.send(item)
    claim(item)

    assert device.send(item) == [result(item, "deferred", "in_flight", retry_after=2)]


def test_claim_of_four_seconds(device, interrupted):
    """Four seconds of silence are still work."""
    age_claim(interrupted, timedelta(seconds=4))

    assert device.send(interrupted)[0]["code"] == "in_flight"


def test_claim_of_six_seconds(device, interrupted):
    """After six seconds of silence the process is gone: that try is lost, and the next one is made at once."""
    age_claim(interrupted, timedelta(seconds=6))

    assert device.send(interrupted) == [result(interrupted, result="done", replayed=True)]
    assert effects_of(interrupted) == 1


def test_lost_try_in_the_history(device, interrupted):
    """The lost try is written down before the next one, as the try that it was."""
    age_claim(interrupted)
    started_at = row_of(interrupted).claimed_at
    device.ask(interrupted)
    lost = DeliveryAttempt.objects.get(number=1)

    assert history_of(interrupted) == [LOST, (2, "awaiting", "applied", "ok")]
    assert (lost.started_at, lost.duration_ms, lost.worker) == (started_at, None, "")
    assert lost.error == "The process ended before the handler did."
    assert lost.delivery == row_of(interrupted).delivery


def test_lost_tries_count(device):
    """An item that always ends its process is dead after max_attempts tries."""
    item = script("exit")
    for _ in range(3):
        with pytest.raises(SystemExit):
            device.deliver(item)
        age_claim(item)

    problem = {"detail": "Given up after 3 tries."}
    assert device.send(item) == [result(item, "rejected", "dead", replayed=True, problem=problem)]
    assert [(number, outcome, code) for number, _, outcome, code in history_of(item)] == [
        (1, "lost", "retrying"),
        (2, "lost", "retrying"),
        (3, "lost", "dead"),
    ]
    assert (row_of(item).attempts, row_of(item).failures) == (3, 3)


def test_waiting_item_of_a_lost_claim(device):
    """A retry that is lost leaves the failures before it counted."""
    item = script("fail", "exit", "apply")
    device.send(item)
    make_due(item)
    with pytest.raises(SystemExit):
        device.ask(item)
    age_claim(item)

    assert device.ask(item) == [result(item, result="done", replayed=True)]
    assert [outcome for _, _, outcome, _ in history_of(item)] == ["failed", "lost", "applied"]
    assert row_of(item).failures == 2


def test_neighbours_of_an_item_in_flight(device, interrupted):
    """An item in flight does not hold up the others of its delivery."""
    item = make_item()

    assert [each["code"] for each in device.send(interrupted, item)] == ["in_flight", "ok"]
    assert device.send(item) == [result(item, result=ANSWER, replayed=True)]


def test_neighbours_of_a_killer_with_one_attempt(device, monkeypatch):
    """A first lost try makes nobody dead: it may have been a neighbour that ended the process."""
    monkeypatch.setitem(registry._entries, "note", replace(registry["note"], max_attempts=1))
    innocent, killer = make_item(), script("exit", "apply")
    with pytest.raises(SystemExit):
        device.deliver(innocent, killer)
    for item in (innocent, killer):
        age_claim(item)

    assert device.send({**innocent, "send_count": 2})[0]["status"] == "applied"
    assert history_of(innocent) == [LOST, (2, "replay", "applied", "ok")]
