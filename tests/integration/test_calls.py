"""Workers are called when something is due: once, until one has come, and never at the cost of a delivery."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule

from django_bgsync.models import Heartbeat, SyncTag
from django_bgsync.runners import calls, django_q
from django_bgsync.upkeep import sweep
from tests.deliveries import effects_of, make_due, make_item, result, row_of, script
from tests.orders import order
from tests.runners import Recorder

RECORDER = {"RUNNER": "tests.runners.Recorder"}
GONE = {"RUNNER": "tests.runners.NoSuchRunner"}


@pytest.fixture
def recorder(settings, monkeypatch):
    """A runner that is no part of the transaction."""
    settings.BGSYNC = RECORDER
    monkeypatch.setattr(Recorder, "kicks", [])
    return Recorder


@pytest.fixture
def _commits(transactional_db):
    """Transactions really commit, and what waits for that runs."""


def age_mark(name: str, by: timedelta) -> None:
    assert Heartbeat.objects.filter(pk=name).update(beat_at=timezone.now() - by) == 1


def test_delivery_of_background_items(device):
    """A hundred items are one call."""
    device.send(*(make_item("background") for _ in range(100)))

    assert OrmQ.objects.count() == 1


def test_inline_items(device):
    """What is applied at once needs nobody."""
    device.send(make_item(), script("reject"))

    assert not OrmQ.objects.exists()


@pytest.mark.parametrize("what", ["fail", "503", "raise a decision"])
def test_failed_views(device, recorder, what):
    """No worker is called for a view that failed: only its sender's next request runs it."""
    assert order(device, what).status_code >= 500
    assert recorder.kicks == []
    device.send(script("fail"))
    assert len(recorder.kicks) == 1


def test_until_a_worker_comes(device):
    """Nobody is called twice, until a worker has come or a minute is over."""
    for _ in range(3):
        device.send(make_item("background"))
    assert OrmQ.objects.count() == 1

    sweep.work()
    for _ in range(3):
        device.send(make_item("background"))
    assert OrmQ.objects.count() == 2

    age_mark("called", timedelta(seconds=59))
    device.send(make_item("background"))
    assert OrmQ.objects.count() == 2

    age_mark("called", timedelta(seconds=61))
    device.send(make_item("background"))
    assert OrmQ.objects.count() == 3


def test_paused_tag(device):
    """Nobody is called for what may not be done."""
    SyncTag.objects.create(name="background", state="paused")
    device.send(make_item("background"))

    assert not OrmQ.objects.exists()


@pytest.mark.usefixtures("_commits")
def test_call_is_part_of_the_transaction(device):
    """With the ORM broker beside the items, the call is undone with them."""
    with transaction.atomic():
        calls.call()
        assert OrmQ.objects.count() == 1
        transaction.set_rollback(True)

    assert not OrmQ.objects.exists()
    calls.call()
    assert OrmQ.objects.count() == 1


@pytest.mark.usefixtures("_commits")
def test_call_after_the_commit(device, recorder):
    """Another runner is called when the receipts are committed, and not if they never are."""
    with transaction.atomic():
        calls.call()
        transaction.set_rollback(True)
    assert recorder.kicks == []

    device.send(make_item("background"))
    assert recorder.kicks == [0]


@pytest.mark.usefixtures("_commits")
def test_worker_came_before_the_commit(device, recorder):
    """A delivery that saw an open call looks again after its commit: the worker may have come in between."""
    calls.call()
    with transaction.atomic():
        calls.call()
        calls.answered()

    assert recorder.kicks == [0, 0]


@pytest.mark.usefixtures("_commits")
def test_runner_fails(device, recorder, monkeypatch, caplog):
    """A queue that is down costs nobody anything: the items wait, and the next delivery calls again."""
    monkeypatch.setattr(recorder, "fault", ConnectionError("the queue is down"))
    item = make_item("background")

    assert device.send(item) == [result(item, "accepted", "queued")]
    assert "No worker could be called." in caplog.text
    monkeypatch.setattr(recorder, "fault", None)
    device.send(make_item("background"))
    assert recorder.kicks == [0]


@pytest.mark.usefixtures("_commits")
def test_enqueue_fails_in_the_transaction(device, monkeypatch, caplog):
    """The same with a call that is part of the transaction: the receipts are kept."""

    def fail(broker):
        OrmQ.objects.create(pk=1, payload="", lock=timezone.now())
        OrmQ.objects.bulk_create([OrmQ(pk=1, payload="", lock=timezone.now())])

    monkeypatch.setattr(django_q, "_hand_over", fail)
    item = make_item("background")

    assert device.send(item) == [result(item, "accepted", "queued")]
    assert (row_of(item).state, OrmQ.objects.count()) == ("received", 0)
    assert "No worker could be called." in caplog.text


@pytest.mark.usefixtures("_commits")
def test_transaction_is_broken(db):
    """A transaction that is lost already is not covered up."""
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            calls.call()


def test_no_such_runner(device, settings, caplog):
    """A runner that cannot be imported is said in the log; items are stored and applied."""
    settings.BGSYNC = GONE
    later, now = make_item("background"), make_item()

    assert [each["status"] for each in device.send(later, now)] == ["accepted", "applied"]
    assert "No worker could be called." in caplog.text
    assert sweep.sweep() == 1


def test_no_runner(device, settings):
    """Without a runner nobody is called, and the sweeper does it."""
    settings.BGSYNC = {"RUNNER": "django_bgsync.runners.none.NoRunner"}
    items = make_item("background"), script("fail", "apply")
    device.send(*items)
    make_due(items[1])

    assert Heartbeat.objects.in_bulk(["called", "booked"]) == {}
    assert sweep.sweep() == 2


@pytest.mark.usefixtures("_commits")
def test_more_than_one_worker_can_do_soon(device, recorder, monkeypatch):
    """A worker that finds a full batch has another one called."""
    monkeypatch.setattr(sweep, "BATCH", 2)
    device.send(make_item("background"))
    sweep.work()
    assert recorder.kicks == [0]

    device.send(*(make_item("background") for _ in range(5)))
    sweep.work()
    assert recorder.kicks == [0, 0, 0]


def test_retry_is_booked(device, recorder):
    """A retry within 90 seconds gets a worker of its own time; those after it are found by that one."""
    device.send(script("fail"))
    device.send(script("fail"))

    [seconds, *earlier] = recorder.kicks
    assert 2 <= seconds <= 5
    assert all(seconds > other for other in earlier)


def test_retry_that_is_far_off(device, recorder, settings):
    """What is due later is left to the sweeper."""
    settings.BGSYNC = RECORDER | {"BACKOFF": {"first": 200}}
    device.send(script("fail"))

    assert recorder.kicks == []


def test_earlier_retry(device, recorder):
    """A worker that is booked for later does not keep an earlier one from being booked."""
    now = timezone.now()
    for seconds in (60, 80, 30, 30, 60):
        calls.call_at(now + timedelta(seconds=seconds))

    assert [round(kick) for kick in recorder.kicks] == [60, 30]


def test_booking_is_over(db, recorder):
    """A booking that is past stands in nobody's way."""
    calls.call_at(timezone.now() + timedelta(seconds=10))
    age_mark("booked", timedelta(seconds=1))
    calls.call_at(timezone.now() + timedelta(seconds=10))

    assert len(recorder.kicks) == 2


def test_sweep_books_the_next_retry(device, recorder):
    """Whoever has done what is due sees to what is due next."""
    device.send(script("retry later"))
    assert len(recorder.kicks) == 1
    age_mark("booked", timedelta(seconds=1))
    sweep.sweep()

    assert [round(kick) for kick in recorder.kicks] == [60, 60]


def test_task_of_the_orm_broker_waits(device):
    """The ORM broker keeps a later call from its workers until the time is there."""
    calls.call_at(timezone.now() + timedelta(seconds=30))

    [task] = OrmQ.objects.all()
    assert 25 < (task.lock - timezone.now()).total_seconds() <= 30


def test_later_call_with_another_broker(db, monkeypatch):
    """Other brokers cannot wait: there a schedule does."""
    monkeypatch.setattr(Conf, "ORM", None)
    due = timezone.now() + timedelta(seconds=30)
    calls.call_at(due)

    [schedule] = Schedule.objects.filter(schedule_type=Schedule.ONCE)
    assert (schedule.func, abs(schedule.next_run - due) < timedelta(seconds=1)) == (django_q.WORK, True)


@pytest.mark.usefixtures("_commits")
def test_time_budget_runs_out(device, recorder, settings):
    """What a delivery had no time for is given back, and a worker is called."""
    settings.BGSYNC = RECORDER | {"TIME_BUDGET": 0}
    [found] = device.send(make_item())

    assert (found["code"], recorder.kicks) == ("queued", [0])


@pytest.mark.usefixtures("_commits")
def test_released_background_item(device, recorder):
    """A background item whose predecessor is applied by a delivery is handed to a worker."""
    first = script("fail", "apply", lane="a")
    second = make_item("background", lane="a", after=first["id"])
    device.send(first)
    device.send(second)
    recorder.kicks.clear()
    make_due(first)
    device.ask(first)

    assert recorder.kicks == [0]
    sweep.work()
    assert effects_of(second) == 1


@pytest.mark.usefixtures("_commits")
def test_time_is_over(device, recorder):
    """A worker whose time is over has another one called for the rest."""
    device.send(make_item("background"))
    sweep.work(seconds=0)

    assert recorder.kicks == [0, 0]
