"""Large actions: in batches, by whoever comes, across kills, until they are done or cancelled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from django_bgsync.enums import Operation
from django_bgsync.models import Heartbeat, ItemNote, OperatorAction, SyncItem
from django_bgsync.operations import actions, batches, items
from django_bgsync.operations.selections import Selection
from django_bgsync.upkeep import sweep
from tests.deliveries import effects_of, row_of, script

REJECTED = Selection(tag="script", code="rejected")


@pytest.fixture
def parked(device, monkeypatch):
    """Seven rejected items, too many to be done at once, three to a batch."""
    monkeypatch.setattr(actions, "AT_ONCE", 6)
    monkeypatch.setattr(batches, "BATCH", 3)
    found = [script("reject", "apply") for _ in range(7)]
    device.send(*found)
    return found


def request(kind=Operation.RETRY, selection=REJECTED, **said):
    return actions.request(kind, selection, username="root", **said)


def now(action):
    """The action's state, and how far it has come."""
    action.refresh_from_db()
    return action.state, action.done, action.skipped


def after_batches(count):
    """Says that the time is over when so many batches are done."""
    left = iter(range(count))
    return lambda: next(left, None) is None


def states(parked):
    return sorted(row_of(item).state for item in parked)


def test_waits_for_somebody(parked):
    """What is too much for a request is only written down, and a worker is called."""
    action = request()

    assert now(action) == ("queued", 0, 0)
    assert states(parked) == ["rejected"] * 7
    assert Heartbeat.objects.get(pk="called").beat_at > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize("hand", [sweep.sweep, sweep.work], ids=["sweeper", "worker"])
def test_whoever_comes(parked, hand):
    """A worker or the sweeper does all of it, and then what has become due."""
    action = request()
    hand()

    assert now(action) == ("done", 7, 0)
    assert [effects_of(item) for item in parked] == [1] * 7


def test_resumed(parked):
    """Whoever comes next goes on where the last one had to stop."""
    action = request()
    assert batches.carry_on(action.pk, after_batches(1)) == 3
    assert (now(action), action.claimed_at) == (("running", 3, 0), None)
    assert batches.is_waiting()
    batches.advance()

    assert (now(action), batches.is_waiting()) == (("done", 7, 0), False)
    assert ItemNote.objects.values("item").distinct().count() == ItemNote.objects.count() == 7


def test_past_those_left_out(parked):
    """A batch of items that somebody is trying is left out, once, and the rest is done."""
    pks = SyncItem.objects.order_by("pk").values_list("pk", flat=True)
    SyncItem.objects.filter(pk__in=list(pks[:3])).update(state="waiting", claimed_at=timezone.now(), finished_at=None)
    action = request(selection=Selection(tag="script"))
    batches.carry_on(action.pk, after_batches(10))

    assert now(action) == ("done", 4, 3)


def test_no_time_at_all(parked):
    """One whose time is over begins nothing."""
    action = request()

    assert (batches.advance(lambda: True), now(action)) == (0, ("queued", 0, 0))


def test_one_at_a_time(parked):
    """While somebody is at an action, others leave it alone; after a silence he is gone."""
    action = request()
    OperatorAction.objects.update(claimed_at=timezone.now())
    assert (batches.advance(), now(action)[0]) == (0, "queued")
    OperatorAction.objects.update(claimed_at=timezone.now() - batches.STALE)

    assert (batches.advance(), now(action)[0]) == (7, "done")


def test_overtaken(parked):
    """One who was thought to be gone, and comes back, does nothing more."""
    action = request()
    mark = batches._claim(action.pk)
    OperatorAction.objects.update(claimed_at=timezone.now() + timedelta(seconds=1))

    assert batches._step(action.pk, mark) == (None, [])
    assert states(parked) == ["rejected"] * 7


def test_cancelled(parked):
    """Cancelling stops it before the next batch; what is done stays done."""
    action = request()
    batches.carry_on(action.pk, after_batches(1))
    assert actions.cancel(action.pk)
    sweep.sweep()

    assert now(action) == ("cancelled", 3, 0)
    assert states(parked) == ["applied"] * 3 + ["rejected"] * 4
    assert not actions.cancel(action.pk)


def test_cancelled_before_it_began(parked):
    """An action that nobody has begun is cancelled by whoever comes."""
    action = request()
    actions.cancel(action.pk)
    sweep.sweep()

    assert (now(action), states(parked)) == (("cancelled", 0, 0), ["rejected"] * 7)


def test_as_it_was_confirmed(parked, device):
    """What is parked after the operator has confirmed is not what he meant."""
    action = request(Operation.DISCARD, reason="A bad day.")
    device.send(*(later := [script("reject") for _ in range(3)]))
    batches.advance()

    assert now(action) == ("done", 7, 0)
    assert [row_of(item).code for item in later] == ["rejected"] * 3


def test_failing(parked, monkeypatch, caplog):
    """An action on which even the engine fails says so, and keeps no other from being done."""
    action, other = request(), request(Operation.DISCARD, reason="x")
    perform = items.perform

    def fail(action, rows):
        if action.kind == "retry":
            raise KeyError("nothing")
        return perform(action, rows)

    monkeypatch.setattr(items, "perform", fail)
    sweep.sweep()

    assert (now(action), action.error) == (("failed", 0, 0), "KeyError: 'nothing'")
    assert now(other) == ("done", 7, 0)
    assert f"Operator action {action.pk} failed." in caplog.text


def test_database_gone(parked, monkeypatch):
    """If the database goes away the action is not to blame, and goes on later."""
    action = request()

    def fail(*args):
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(items, "perform", fail)
        with pytest.raises(OperationalError):
            sweep.sweep()
    OperatorAction.objects.update(claimed_at=timezone.now() - batches.STALE)
    batches.advance()

    assert now(action) == ("done", 7, 0)


class Killed(BaseException):
    """Ends a process at a statement."""


@pytest.mark.parametrize("kind", ["retry", "discard"])
def test_killed_at_any_statement(parked, kind):
    """A process may end at any statement: nothing is done twice or left out, and the count is right."""
    for number in range(200):
        ItemNote.objects.all().delete()
        SyncItem.objects.update(state="rejected", code="rejected", finished_at=timezone.now(), next_at=None)
        action = request(Operation(kind), reason="x")
        statements = iter([*range(number), None])

        def killed(execute, *statement, statements=statements):
            if next(statements, 0) is None:
                raise Killed
            return execute(*statement)

        is_killed = False
        with connection.execute_wrapper(killed):
            try:
                batches.carry_on(action.pk)
            except Killed:
                is_killed = True
        OperatorAction.objects.update(claimed_at=timezone.now() - batches.STALE)
        batches.carry_on(action.pk)

        assert (now(action), ItemNote.objects.count()) == (("done", 7, 0), 7), number
        if not is_killed:
            assert number > 20
            return
    pytest.fail("It never comes to an end.")


def test_count_has_an_end(parked, monkeypatch):
    """Counting ends at a bound, and what was not counted to the end is done in the background."""
    monkeypatch.setattr(actions, "COUNTED", 5)
    monkeypatch.setattr(actions, "AT_ONCE", 500)
    action = request()

    assert (action.total, action.is_total_exact, action.state) == (5, False, "queued")
