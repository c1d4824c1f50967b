"""Real workers of django-q2: they make it quick, and nothing depends on them."""

from __future__ import annotations

import os
import signal
import statistics

import pytest
import redis
from django_q.models import OrmQ

from django_bgsync.applying.tries import HOST
from django_bgsync.models import DeliveryAttempt, SyncItem
from tests.concurrency.cluster import Site, states, wait_applied, wait_for
from tests.deliveries import age_claim, effects_of, history_of, make_item, row_of

APPLIED_BY_WORKER = [(1, "worker", "applied", "ok")]


def queue_of(site: Site) -> int:
    """How many tasks wait."""
    if not site.broker_url:
        return OrmQ.objects.filter(key=site.environ["CLUSTER"]).count()
    with redis.Redis.from_url(site.broker_url) as broker:
        return int(broker.llen(f"django_q:{site.environ['CLUSTER']}:q"))


def job(*steps: str):
    return make_item("job", list(steps or ["apply"]))


@pytest.fixture
def gate(tmp_path):
    """Where handlers of the tag "gate" wait until there is a file `open`."""
    directory = tmp_path / "gate"
    directory.mkdir()
    return directory


def process_at(gate, item) -> int:
    """The process that has this item at the gate, as soon as one has."""
    announcement = gate / item["id"]
    wait_for(announcement.exists, because="a worker is at the gate")
    return int(announcement.read_text())


def test_worker_applies(any_site):
    """Items for the background are applied by a worker, soon: receipt to applied is printed."""
    any_site.start_cluster()
    items = [job() for _ in range(20)]
    any_site.deliver(*items, each=True)

    assert [history_of(item) for item in items] == [APPLIED_BY_WORKER] * 20
    assert [effects_of(item) for item in items] == [1] * 20
    rows = SyncItem.objects.filter(item_id__in=[item["id"] for item in items])
    waits = [(row.finished_at - row.received_at).total_seconds() * 1000 for row in rows]
    print(f"receipt to applied: p50 {statistics.median(waits):.0f} ms, worst {max(waits):.0f} ms")


def test_worker_signs(site, gate):
    """An attempt names the process that made it, not the one that it was forked from."""
    (gate / "open").touch()
    site.start_cluster()
    item = make_item("gate", str(gate))
    site.deliver(item)
    worker = process_at(gate, item)

    wait_applied([item])
    assert DeliveryAttempt.objects.get(item__item_id=item["id"]).worker == f"{HOST}:{worker}"


def test_one_task_for_many_items(any_site):
    """Three deliveries of a hundred items make one task as long as no worker has come; it does them all."""
    items = [job() for _ in range(300)]
    for start in range(0, 300, 100):
        any_site.deliver(*items[start : start + 100])

    assert queue_of(any_site) == 1
    any_site.start_cluster()
    wait_applied(items)
    assert SyncItem.objects.filter(attempts=1).count() == 300


def test_retry_without_a_sweep(site):
    """A retry that is due within 90 seconds is made by a worker, on time."""
    site.start_cluster()
    item = job("fail", "apply")
    site.deliver(item)

    wait_applied([item])
    assert [(hand, outcome) for _, hand, outcome, _ in history_of(item)] == [
        ("worker", "failed"),
        ("worker", "applied"),
    ]


def test_killed_worker(any_site, gate):
    """What a killed worker had in hand is applied by the sweeper, once; the lost try is in the history."""
    any_site.start_cluster()
    item, others = make_item("gate", str(gate)), [job() for _ in range(5)]
    any_site.deliver(item, *others)
    os.kill(process_at(gate, item), signal.SIGKILL)

    (gate / "open").touch()
    wait_for(lambda: not is_locked(item), because="the database knows that the worker is gone")
    for each in [item, *others]:
        if row_of(each).claimed_at:
            age_claim(each)
    any_site.sweep()
    wait_applied([item, *others])
    assert [effects_of(each) for each in [item, *others]] == [1] * 6
    assert (1, "worker", "lost", "retrying") in history_of(item)


def is_locked(item) -> bool:
    """Whether an open transaction holds the row (SQLite: any row)."""
    from django.db import OperationalError, connection, transaction

    try:
        with transaction.atomic():
            if connection.vendor == "sqlite":
                return False  # the transaction began, so nobody else has one
            return not SyncItem.objects.select_for_update(skip_locked=True).filter(item_id=item["id"]).exists()
    except OperationalError:
        return True


def test_sigterm(site, gate):
    """A cluster that is told to stop finishes what it has in hand, or leaves it to the sweeper."""
    cluster = site.start_cluster()
    item, others = make_item("gate", str(gate)), [job() for _ in range(5)]
    site.deliver(item, *others)
    worker = process_at(gate, item)
    cluster.terminate()
    (gate / "open").touch()
    wait_for(lambda: not is_running(worker), because="the worker ends")

    site.sweep()
    wait_applied([item, *others])
    assert [effects_of(each) for each in [item, *others]] == [1] * 6


def test_sigterm_of_one_worker(site, gate):
    """A worker that is told to stop is interrupted in mid-batch: nothing of it stays, and the sweeper does it."""
    site.start_cluster()
    item = make_item("gate", str(gate))
    site.deliver(item)
    worker = process_at(gate, item)
    os.kill(worker, signal.SIGTERM)
    wait_for(lambda: not is_running(worker), because="the worker ends")

    assert (effects_of(item), row_of(item).state) == (0, "received")
    (gate / "open").touch()
    age_claim(item)
    site.sweep()
    assert (effects_of(item), row_of(item).state) == (1, "applied")


def is_running(pid: int) -> bool:
    """Neither ended nor waiting for its parent to notice that it has."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_queue_is_lost(any_site):
    """With the queue flushed, no worker knows of anything; the sweeper needs none."""
    items = [job() for _ in range(10)]
    any_site.deliver(*items)
    flush(any_site)
    any_site.start_cluster()
    any_site.sweep()

    assert [history_of(item) for item in items] == [[(1, "sweeper", "applied", "ok")]] * 10


def flush(site: Site) -> None:
    assert queue_of(site) == 1
    if site.broker_url:
        with redis.Redis.from_url(site.broker_url) as broker:
            broker.delete(f"django_q:{site.environ['CLUSTER']}:q")
    OrmQ.objects.all().delete()
    assert queue_of(site) == 0


def test_secret_key_changes(any_site):
    """The cluster throws away tasks that were signed with another key; the items are still there."""
    items = [job() for _ in range(10)]
    any_site.deliver(*items)
    any_site.environ["SECRET_KEY"] = "a new key"
    any_site.start_cluster()
    wait_for(lambda: queue_of(any_site) == 0, because="the cluster takes the task")

    assert states(items) == ["received"] * 10
    any_site.sweep()
    assert [history_of(item) for item in items] == [[(1, "sweeper", "applied", "ok")]] * 10


def test_everybody_at_once(any_site):
    """Two workers, two sweepers and two deliveries of the same items at once: one effect each."""
    any_site.start_cluster()
    items = [job() for _ in range(60)] + [make_item() for _ in range(40)]
    others = [any_site.start_delivery(*items), any_site.start_delivery(*reversed(items))]
    wait_for(SyncItem.objects.exists, because="the first items are there")
    others += [any_site.start_sweep(), any_site.start_sweep()]

    assert [other.wait(60) for other in others] == [0] * 4
    any_site.sweep()
    wait_applied(items)
    assert [effects_of(item) for item in items] == [1] * 100


def test_no_runner(site):
    """Without a runner nobody is called, and a sweep from cron does it."""
    site.environ["RUNNER"] = "django_bgsync.runners.none.NoRunner"
    items = [job() for _ in range(10)]
    site.deliver(*items)

    assert (queue_of(site), states(items)) == (0, ["received"] * 10)
    site.sweep()
    assert [history_of(item) for item in items] == [[(1, "sweeper", "applied", "ok")]] * 10
