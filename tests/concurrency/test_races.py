"""Many who want to apply the same items at once: one does, and nobody is told of an error."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from django_bgsync.applying import claims
from django_bgsync.upkeep import sweep
from tests.concurrency.cluster import Site
from tests.concurrency.racing import PATIENCE, deliveries, race
from tests.deliveries import Device, age_claim, effects_of, history_of, make_item, row_of, script

ONCE = ["applied"]
SETTLED_OR_BUSY = {("applied", "ok"), ("deferred", "in_flight")}


@pytest.fixture(autouse=True)
def journal(transactional_db: None) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")  # as in production


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is taken for dead because this machine is slow."""
    monkeypatch.setattr(claims, "FRESH_CLAIM", timedelta(hours=1))


def codes_of(answers: list[list[tuple[int, str]]]) -> set[tuple[str, str]]:
    """Status and code of every result, after a look at the HTTP statuses."""
    flat = [answer for each in answers for answer in each]
    assert {status for status, _ in flat} == {200}
    return {(result["status"], result["code"]) for _, body in flat for result in json.loads(body)["results"]}


def outcomes(item: dict[str, Any]) -> list[str]:
    return [outcome for _, _, outcome, _ in history_of(item)]


def is_once(items: list[dict[str, Any]]) -> bool:
    """Each was applied by one try, and has one effect."""
    return all((outcomes(item), effects_of(item), row_of(item).attempts) == (ONCE, 1, 1) for item in items)


def test_deliveries_in_threads(user: Any, patience: None) -> None:
    """Fifty deliveries of the same items at once, in opposite orders: one effect each, and no error."""
    items = [make_item() for _ in range(8)]
    answers = race(*(deliveries(Device(user), items, 2) for _ in range(25)))

    assert codes_of(answers) <= SETTLED_OR_BUSY
    assert is_once(items)
    assert {each["status"] for each in Device(user).send(*items)} == {"applied"}


def test_deliveries_in_processes(site: Site) -> None:
    """The same with five processes of five threads each."""
    items = [make_item() for _ in range(8)]
    command = [sys.executable, "-m", "tests.concurrency.racing", "5", "2"]
    options: dict[str, Any] = {"env": site.environ, "text": True, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    racers = [subprocess.Popen(command, **options) for _ in range(5)]
    try:
        for racer in racers:
            racer.stdin.write(json.dumps(items) + "\n")
            racer.stdin.flush()
        assert [racer.stdout.readline() for racer in racers] == ["ready\n"] * 5
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        answers = [json.loads(racer.communicate(timeout=PATIENCE)[0]) for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()

    assert codes_of([answer for each in answers for answer in each]) <= SETTLED_OR_BUSY
    assert [effects_of(item) for item in items] == [1] * 8
    assert [outcomes(item).count("applied") for item in items] == [1] * 8


def interrupt(device: Device, *items: dict[str, Any]) -> None:
    """Deliver items one of which ends its process, and let that be long ago."""
    with pytest.raises(SystemExit):
        device.deliver(*items)
    for item in items:
        age_claim(item, timedelta(hours=2))


def test_replays_of_a_lost_try(user: Any, patience: None) -> None:
    """Sixteen racing replays of an item whose process is gone use up one attempt beside the lost one."""
    items = [script("exit", "apply"), script("apply", "apply")]
    interrupt(Device(user), *items)
    answers = race(*(deliveries(Device(user), items, 1) for _ in range(16)))

    # `retrying`: seen between the commit that writes down the lost try and the claim of the next one
    assert codes_of(answers) <= SETTLED_OR_BUSY | {("accepted", "retrying")}
    assert [outcomes(item) for item in items] == [["lost", "applied"]] * 2
    assert [row_of(item).attempts for item in items] == [2, 2]
    assert [effects_of(item) for item in items] == [1, 1]


def test_racing_duplicates_of_a_failing_item(user: Any, patience: None) -> None:
    """Sixteen racing deliveries of an item that fails use up one of its three attempts."""
    item = script("fail")
    answers = race(*(deliveries(Device(user), [item], 1) for _ in range(16)))

    assert codes_of(answers) <= {("accepted", "retrying"), ("deferred", "in_flight")}
    assert (row_of(item).attempts, outcomes(item)) == (1, ["failed"])


def test_sweepers_worker_and_delivery(user: Any, patience: None) -> None:
    """Two sweepers, a worker and a delivery come upon the same items: one effect each."""
    device = Device(user)
    background = [make_item("job", ["apply"]) for _ in range(20)]
    left = [script("exit", "apply"), *(script("apply") for _ in range(9))]
    device.send(*background)
    interrupt(device, *left)
    items = background + left
    race(sweep.sweep, sweep.sweep, sweep.work, deliveries(Device(user), items, 2))
    sweep.sweep()  # what each left to the others is nobody's now

    assert [effects_of(item) for item in items] == [1] * 30
    assert [outcomes(item) for item in background] == [["applied"]] * 20
    assert [outcomes(item) for item in left] == [["lost", "applied"]] * 10


def test_sweepers_and_delivery_in_processes(site: Site, user: Any) -> None:
    """The same with processes."""
    items = [make_item("job", ["apply"]) for _ in range(50)]
    Device(user).send(*items)
    processes = [site.start_sweep(), site.start_sweep(), site.start_delivery(*items)]
    assert [process.wait(PATIENCE) for process in processes] == [0, 0, 0]
    sweep.sweep()

    assert [effects_of(item) for item in items] == [1] * 50
    assert [outcomes(item).count("applied") for item in items] == [1] * 50
