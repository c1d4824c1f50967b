"""The figures of each hour: what is written down equals a count made the slow way, whenever it is counted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from django_bgsync import tallies
from django_bgsync.models import DeliveryAttempt, HourlyStat, SyncItem, Watermark
from django_bgsync.upkeep import retention, rollups, sweep
from tests.deliveries import make_item, row_of
from tests.histories import HOUR, NOW, SECOND, START, World, counted_slowly, flat

BEGINNING = START.replace(minute=0)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """A clock that stands still until a test moves it."""

    class Clock:
        now = NOW

    monkeypatch.setattr("django.utils.timezone.now", lambda: Clock.now)
    return Clock


@pytest.fixture
def world(db):
    return World(0)


def stored():
    return flat(HourlyStat.objects.all())


@pytest.mark.parametrize("seed", range(8))
def test_as_counted_slowly(db, seed):
    """Every figure of every hour, rolled up or not yet, is what a look at each row finds."""
    World(seed).live()
    slowly = counted_slowly()

    assert flat(tallies.count(START - HOUR, NOW + HOUR).values()) == slowly
    assert flat(tallies.figures(BEGINNING, NOW)) == slowly
    rollups.roll_up()
    assert flat(HourlyStat.objects.all()) == counted_slowly(until=NOW.replace(minute=0))
    assert flat(tallies.figures(BEGINNING, NOW)) == slowly


def test_one_tag(db):
    """The figures of one tag are those of all, without the others'."""
    World(1).live()
    rollups.roll_up()
    slowly = {place: figures for place, figures in counted_slowly().items() if place[0] == "note"}

    assert flat(tallies.figures(BEGINNING, NOW, ["note"])) == slowly


def test_again_and_again(world, clock):
    """Counting the same hours again, however often and in whatever steps, changes nothing."""
    world.live()
    rollups.roll_up()
    first = stored()
    for hours in (0, 1, 2, 3):
        Watermark.objects.update(until=NOW.replace(minute=0) - hours * HOUR)
        rollups.roll_up()
        assert stored() == first


@pytest.mark.parametrize("step", [1, 2, 7])
def test_in_steps(world, monkeypatch, step):
    """A sweeper that was away catches up in steps, and finds the same."""
    world.live()
    monkeypatch.setattr(rollups, "STEP", step * HOUR)
    assert rollups.roll_up() >= 29

    assert stored() == counted_slowly(until=NOW.replace(minute=0))


@pytest.mark.parametrize(("few", "hours"), [(100, [6, 12, 24, 48, 96]), (2, [6, 12, 24, 48, 24, 48]), (0, [6] * 5)])
def test_length_of_steps(world, monkeypatch, few, hours):
    """Where little happened the steps get longer, where much did they get shorter again; the figures are the same."""
    for day in range(1, 11):
        world.item(received_at=NOW - day * 24 * HOUR)
    taken = []
    write = rollups._write
    monkeypatch.setattr(rollups, "_write", lambda mark, until: taken.append(until - mark) or write(mark, until))
    monkeypatch.setattr(rollups, "FEW", few)
    rollups.roll_up()

    assert [step // HOUR for step in taken[: len(hours)]] == hours
    assert stored() == counted_slowly(until=NOW.replace(minute=0))


def test_for_a_while_only(world, monkeypatch):
    """A pass whose time is over leaves the rest to the next one; readers count what is missing."""
    world.live()
    slowly = counted_slowly()
    assert rollups.roll_up(seconds=0) == 0

    assert (stored(), flat(tallies.figures(BEGINNING, NOW))) == ({}, slowly)


def test_late_commit(world, clock):
    """What is committed when its hour is written down already is counted there by a later pass, once."""
    rollups.roll_up()
    item = world.item(received_at=NOW - 2 * HOUR)
    world.attempt(item, NOW - 2 * HOUR + SECOND)
    clock.now += HOUR
    for _ in range(2):
        rollups.roll_up()

    assert stored() == counted_slowly()


def test_handler_over_the_hour(world, clock):
    """A try belongs to the hour in which it began, though it is written down in the next."""
    item = world.item(received_at=NOW - 50 * MINUTE)
    world.attempt(item, NOW - 31 * MINUTE, written_at=NOW + 5 * MINUTE, outcome="applied", duration_ms=36 * 60000)
    rollups.roll_up()

    assert HourlyStat.objects.get(hour=NOW.replace(hour=13, minute=0), tag=item.tag_id).applied == 1


@pytest.mark.parametrize("away", [0, 12], ids=["swept every minute", "sweeper was away"])
def test_lost_try_noticed_late(world, clock, away):
    """A try whose process died is counted where it began, when somebody notices, long after; and once."""
    world.live()
    item = world.item(received_at=NOW - 20 * HOUR)
    rollups.roll_up()
    world.attempt(item, NOW - 20 * HOUR, written_at=NOW + MINUTE, outcome="lost")
    clock.now += 2 * MINUTE + away * HOUR
    for _ in range(3):
        rollups.roll_up()

    assert stored() == counted_slowly(until=clock.now.replace(minute=0))


def test_pruned_details(world, clock, settings):
    """The figures do not shrink when details are pruned, nor when somebody comes late to such an hour."""
    settings.BGSYNC = {"RETAIN_ATTEMPTS": timedelta(hours=1)}
    world.live(10)
    item = world.item(received_at=NOW - 20 * HOUR)
    world.attempt(item, NOW - 20 * HOUR, outcome="failed")
    world.attempt(item, NOW - HOUR, outcome="applied")
    before = counted_slowly(until=NOW.replace(minute=0))
    retention.prune()
    assert 0 < DeliveryAttempt.objects.filter(started_at__gte=NOW - 4 * HOUR).count() == DeliveryAttempt.objects.count()
    assert stored() == before

    world.attempt(item, NOW - 20 * HOUR, written_at=NOW + MINUTE, outcome="lost", code="")
    clock.now += 2 * MINUTE
    rollups.roll_up()
    clock.now += HOUR
    rollups.roll_up()
    now = stored()
    assert all(now[place].get(name, 0) >= count for place, figures in before.items() for name, count in figures.items())


def test_unswept_site_prunes_nothing_uncounted(world, settings):
    """Where no sweeper runs, pruning itself writes the figures down first."""
    settings.BGSYNC = {"RETAIN_ATTEMPTS": timedelta(hours=1)}
    world.live()
    slowly = counted_slowly(until=NOW.replace(minute=0))
    retention.prune()

    assert stored() == slowly


class Killed(BaseException):
    """Ends a process at a statement."""


def test_killed_at_any_statement(world, monkeypatch):
    """A pass may end at any of its statements: the next one finds the figures whole, or makes them so."""
    monkeypatch.setattr(rollups, "STEP", 16 * HOUR)
    world.live(5)
    slowly = counted_slowly(until=NOW.replace(minute=0))
    for number in range(100):
        HourlyStat.objects.all().delete()
        Watermark.objects.all().delete()
        statements = iter([*range(number), None])

        def killed(execute, *statement, statements=statements):
            if next(statements, 0) is None:
                raise Killed
            return execute(*statement)  # what follows is the rollback, which is the database's

        with connection.execute_wrapper(killed):
            try:
                rollups.roll_up()
                is_killed = False
            except Killed:
                is_killed = True
        rollups.roll_up()
        assert stored() == slowly
        if not is_killed:
            assert number > 20
            return
    pytest.fail("It never comes to an end.")


def test_nothing_there(db):
    """An empty site has no figures, and its watermark stands at the present."""
    assert (rollups.roll_up(), tallies.figures(BEGINNING, NOW)) == (0, [])
    assert tallies.rolled_up_until() == NOW.replace(minute=0)


def test_swept(device, clock):
    """The sweeper writes the figures down. An hour is settled ten minutes after it is over."""
    item = make_item()
    device.send(item)
    clock.now = row_of(item).received_at.replace(minute=9) + HOUR
    sweep.sweep()
    assert stored() == {}
    clock.now += MINUTE
    sweep.sweep()

    [stat] = HourlyStat.objects.all()
    assert (stat.received, stat.applied, stat.tag_id) == (1, 1, "note")


def test_figures_that_cannot_be_written(device, monkeypatch, caplog):
    """Work is done though the figures cannot be written."""

    def fail(seconds):
        raise RuntimeError("no figures")

    monkeypatch.setattr(rollups, "roll_up", fail)
    device.send(item := make_item("background"))
    assert sweep.sweep() == 1

    assert row_of(item).state == "applied"
    assert "The hourly figures cannot be written." in caplog.text


def test_reads_are_few(world, django_assert_num_queries):
    """Figures cost as many statements for ninety items as for none, and a pass with nothing new two."""
    rollups.roll_up()
    with django_assert_num_queries(7):
        tallies.figures(BEGINNING, NOW)
    world.live(90)
    with django_assert_num_queries(7):
        tallies.figures(BEGINNING, NOW)
    rollups.roll_up()
    with django_assert_num_queries(2):
        rollups.roll_up()
    assert SyncItem.objects.count() == 90


def test_two_sweepers(world, monkeypatch):
    """Of two sweepers that count the same hours, the one that comes later leaves them as they are."""
    world.live()
    count = tallies.count

    def overtaken(*args, **kwargs):
        monkeypatch.setattr(tallies, "count", count)
        counted = count(*args, **kwargs)
        rollups.roll_up()  # the other one, while this one has counted and not yet written
        counted.clear()
        return counted

    monkeypatch.setattr(tallies, "count", overtaken)
    rollups.roll_up()

    assert stored() == counted_slowly(until=NOW.replace(minute=0))
