"""The sweeper does what is due, each item once a pass, and nothing stands in its way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_bgsync.applying import processing
from django_bgsync.applying.processing import bring_forward
from django_bgsync.enums import Hand
from django_bgsync.models import Heartbeat, SyncItem, SyncTag
from django_bgsync.upkeep import backlog, heartbeats, sweep
from tests.deliveries import (
    age_claim,
    claim,
    effects_of,
    history_of,
    make_due,
    make_item,
    row_of,
    script,
)


def jobs(count: int, *steps: str):
    return [make_item("job", list(steps or ["apply"])) for _ in range(count)]


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(sweep, "BATCH", 2)


def states(items):
    return [row_of(item).state for item in items]


def test_background_items(device, small_batches):
    """Batch after batch, until nothing is due."""
    items = jobs(5)
    device.send(*items)

    assert sweep.sweep() == 5
    assert [history_of(item) for item in items] == [[(1, "sweeper", "applied", "ok")]] * 5
    assert [effects_of(item) for item in items] == [1] * 5
    assert sweep.sweep() == 0


def test_worker(device):
    """A worker does the same under its own name."""
    [item] = jobs(1)
    device.send(item)

    assert sweep.work() == 1
    assert history_of(item) == [(1, "worker", "applied", "ok")]


def test_paused_tag(device, small_batches):
    """Items of a paused tag stay as they are, uncounted, and are in nobody's way."""
    paused = [make_item("background") for _ in range(5)]
    items = jobs(3)
    device.send(*paused, *items)
    SyncTag.objects.filter(pk="background").update(state="paused")

    assert sweep.sweep() == 3
    assert states(items) == ["applied"] * 3
    assert [(row_of(item).state, row_of(item).attempts) for item in paused] == [("received", 0)] * 5
    SyncTag.objects.filter(pk="background").update(state="open")
    assert sweep.sweep() == 5


def test_tag_without_handler(device, small_batches):
    """So do items whose tag has lost its handler."""
    orphans, items = jobs(5), jobs(3)
    device.send(*orphans, *items)
    SyncItem.objects.filter(item_id__in=[item["id"] for item in orphans]).update(tag="gone")

    assert sweep.sweep() == 3
    assert states(items) == ["applied"] * 3
    assert [(row_of(item).state, row_of(item).attempts) for item in orphans] == [("received", 0)] * 5


def test_retries(device):
    """A retry that is due is made; one that is not has to wait."""
    due, early = script("fail", "apply"), script("fail", "apply")
    device.send(due, early)
    make_due(due)

    assert sweep.sweep() == 1
    assert states([due, early]) == ["applied", "waiting"]


def test_put_off_again_and_again(device, small_batches):
    """An item that is due again at once is for the next pass: this one ends."""
    items = [script("retry at once"), *jobs(3)]
    device.send(*items)
    make_due(items[0])

    sweep.sweep()
    assert len(history_of(items[0])) == 2


def test_held_item(device):
    """A held item is looked at when its time has come, though nobody told of the end of the one before it."""
    first = script("fail", "apply", lane="a")
    second = make_item(lane="a", after=first["id"])
    device.send(first, second)
    make_due(second)
    sweep.sweep()
    assert (row_of(second).state, row_of(second).attempts) == ("held", 0)

    SyncItem.objects.filter(item_id=first["id"]).update(state="applied", next_at=None)
    make_due(second)
    sweep.sweep()
    assert (row_of(second).state, effects_of(second)) == ("applied", 1)


def test_lane(device):
    """What an item releases is done in the same pass."""
    items = jobs(1)
    for _ in range(3):
        items += [make_item("job", ["apply"], lane="a", after=items[-1]["id"])]
    items[0]["lane"] = "a"
    device.send(*items)

    sweep.sweep()
    assert states(items) == ["applied"] * 4
    assert [effects_of(item) for item in items] == [1] * 4


def test_lost_claim(device):
    """The claim of a process that is gone is closed as lost, and the item is tried again."""
    item = script("exit", "apply")
    with pytest.raises(SystemExit):
        device.deliver(item)
    age_claim(item)

    assert sweep.sweep() == 1
    assert history_of(item) == [(1, "receipt", "lost", "retrying"), (2, "sweeper", "applied", "ok")]


def test_fresh_claim(device):
    """What somebody is at is left alone, and is in nobody's way."""
    taken, free = jobs(2)
    device.send(taken, free)
    claim(taken)

    assert sweep.sweep() == 1
    assert states([taken, free]) == ["received", "applied"]


def test_time_is_over(device):
    """After its time a pass starts nothing, and claims nothing."""
    [item] = jobs(1)
    device.send(item)

    assert sweep.sweep(seconds=0) == 0
    assert (row_of(item).state, row_of(item).attempts, row_of(item).claimed_at) == ("received", 0, None)


def test_item_that_breaks_the_engine(device, monkeypatch, caplog):
    """An item on which even the engine fails keeps no other from being tried."""
    items = jobs(4)
    device.send(*items)
    broken = row_of(items[1]).pk

    def fail(pks, by):
        if broken in pks:
            raise KeyError("engine")
        return bring_forward(pks, by)

    monkeypatch.setattr(sweep, "bring_forward", fail)

    assert sweep.sweep() == 3
    assert states(items) == ["applied", "received", "applied", "applied"]
    assert f"Item {broken} cannot be worked on." in caplog.text


def test_database_is_down(device, monkeypatch):
    """A database that fails is no item's fault: the pass ends, for whoever watches cron to see."""
    device.send(*jobs(2))
    tried = []

    def fail(pks, by):
        tried.append(pks)
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(sweep, "bring_forward", fail)

    with pytest.raises(OperationalError):
        sweep.sweep()
    assert len(tried) == 1


@pytest.mark.parametrize(("act", "hand"), [(sweep.sweep, Hand.SWEEPER), (sweep.work, Hand.WORKER)])
def test_heartbeat(db, act, hand):
    """Each pass leaves a sign of life, with nothing to do, too."""
    assert heartbeats.last(hand) is None

    for _ in range(2):
        before = timezone.now()
        act()
        assert before <= heartbeats.last(hand) <= timezone.now()
    assert Heartbeat.objects.filter(pk=hand).count() == 1


def test_longest_due_first(device, small_batches):
    """Items come in the order in which they became due, each once."""
    items = jobs(5)
    device.send(*items)
    for hours, item in enumerate(items):
        SyncItem.objects.filter(item_id=item["id"]).update(next_at=timezone.now() - timedelta(hours=hours))

    found = [pk for pks in backlog.due_batches(2) for pk in pks]
    assert found == [row_of(item).pk for item in reversed(items)]


def test_due_at_the_same_time(device, small_batches):
    """Items that became due at the same moment are paged through as well."""
    items = jobs(5)
    device.send(*items)

    found = [pk for pks in backlog.due_batches(2) for pk in pks]
    assert sorted(found) == sorted(row_of(item).pk for item in items)


def test_statements(device, monkeypatch):
    """The number of statements does not depend on the number of items in a batch, the handlers' own aside."""
    monkeypatch.setattr(sweep, "BATCH", 200)
    monkeypatch.setattr(processing, "SHARED_SECONDS", 60)  # a slow machine would need another transaction
    sweep.sweep()  # what only the first one does

    assert len({count_statements(device, count) for count in (1, 10, 100)}) == 1


def count_statements(device, count: int) -> int:
    device.send(*jobs(count))
    with CaptureQueriesContext(connection) as queries:
        assert sweep.sweep() == count
    own = ("SAVEPOINT", "RELEASE")
    return sum(not query["sql"].startswith(own) and "tests_app_effect" not in query["sql"] for query in queries)
