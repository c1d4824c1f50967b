"""The management commands: three lines each that call the domain, and say what came of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_bgsync.models import SyncItem
from django_bgsync.upkeep import sweep
from tests.deliveries import effects_of, history_of, make_due, make_item, result, row_of, script

HOUR = timedelta(hours=1)


def run(*command: str) -> str:
    output = StringIO()
    call_command(*command, stdout=output)
    return output.getvalue()


@pytest.fixture
def parked(device):
    """One item of each kind that an operator may open again, by code."""
    items = {code: script(step, "apply") for code, step in {"rejected": "reject", "conflict": "conflict"}.items()}
    items["dead"] = script("fail", "fail", "fail", "apply")
    device.send(*items.values())
    for _ in range(2):
        make_due(items["dead"])
        device.ask(items["dead"])
    assert [(row_of(item).code) for item in items.values()] == list(items)
    return items


def test_sweep(device):
    """It does what is due and says how much that was."""
    item = make_item("background")
    device.send(item)

    assert run("bgsync_sweep") == "Items changed: 1\n"
    assert history_of(item) == [(1, "sweeper", "applied", "ok")]


def test_requeue_by_code(device, parked):
    """A dead item is opened with its tries forgotten, and applied by whoever comes first."""
    assert run("bgsync_requeue", "--code", "dead") == "Items opened: 1\n"
    row = row_of(parked["dead"])
    assert (row.state, row.code, row.failures, row.problem) == ("received", "", 0, None)
    assert row.reopened_at is not None

    sweep.sweep()
    assert [row_of(item).state for item in parked.values()] == ["rejected", "conflict", "applied"]
    assert effects_of(parked["dead"]) == 1
    assert len(history_of(parked["dead"])) == 4
    assert device.ask(parked["dead"]) == [result(parked["dead"], result="done", replayed=True)]


def test_requeue_by_tag(device, parked):
    """All that is parked of a tag, and of no other."""
    other = make_item("typed", {"text": "much too long for it"})
    device.send(other)

    assert run("bgsync_requeue", "--tag", "script") == "Items opened: 3\n"
    assert row_of(other).state == "rejected"


@pytest.mark.parametrize(
    ("since", "opened"), [(-2 * HOUR, 3), (-HOUR / 2, 2), (HOUR, 0)], ids=["before", "between", "after"]
)
def test_requeue_since(parked, since, opened):
    """What was parked at or after a time."""
    SyncItem.objects.filter(code="dead").update(finished_at=timezone.now() - HOUR)

    assert run("bgsync_requeue", "--since", (timezone.now() + since).isoformat()) == f"Items opened: {opened}\n"


@pytest.mark.parametrize(("since", "opened"), [("2026-05-01", 1), ("2026-05-02", 0), ("2026-05-01T08:59", 1)])
def test_requeue_since_local_time(parked, settings, since, opened):
    """Dates and times without a zone are those of the project."""
    settings.TIME_ZONE = "Asia/Tokyo"
    SyncItem.objects.update(finished_at=datetime.fromisoformat("2026-05-01T00:00+00:00"))
    SyncItem.objects.exclude(code="dead").update(finished_at=datetime.fromisoformat("2020-01-01T00:00+00:00"))

    assert run("bgsync_requeue", "--since", since) == f"Items opened: {opened}\n"


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "2026-02-30T10:00"])
def test_requeue_since_nonsense(db, since):
    """What is no time is said to be none."""
    with pytest.raises(CommandError, match=f"--since '{since}' is no time"):
        run("bgsync_requeue", "--since", since)


def test_requeue_dry_run(parked):
    """It counts by tag and code, and opens nothing."""
    assert run("bgsync_requeue", "--tag", "script", "--dry-run").split("\n") == [
        "       1 script conflict",
        "       1 script dead",
        "       1 script rejected",
        "",
    ]
    assert not SyncItem.objects.filter(state="received").exists()


def test_requeue_without_features(parked):
    """Without a word about what to open it only counts."""
    *counts, hint = run("bgsync_requeue").splitlines()

    assert (len(counts), hint) == (3, "Nothing was opened. Name --tag, --code or --since.")
    assert not SyncItem.objects.filter(state="received").exists()


@pytest.mark.parametrize("change", [{"code": "discarded"}, {"payload": None}, {"tag": "http:pay"}])
def test_requeue_leaves_out(parked, change):
    """Nothing that an operator discarded, that has lost its payload, or that nobody handles."""
    SyncItem.objects.filter(code="dead").update(**change)

    assert run("bgsync_requeue", "--since", "2020-01-01") == "Items opened: 2\n"


def test_requeue_in_batches(parked, monkeypatch):
    """Many are opened in several statements."""
    monkeypatch.setattr("django_bgsync.operations.batches.BATCH", 2)

    assert run("bgsync_requeue", "--tag", "script") == "Items opened: 3\n"


def test_status(device):
    """For people: who was last at work, and what is not finished."""
    cache.clear()
    device.send(make_item(), make_item("background"), make_item("background"), script("fail"))
    first, *lines = run("bgsync_status").splitlines()

    assert first.split() == ["status", "ok"]
    assert [line.split()[0] for line in lines[:4]] == ["oldest_due_at", "last_sweep_at", "last_worker_at", "runner"]
    assert [line.split(", oldest")[0].split() for line in lines[4:]] == [
        ["2", "received", "background"],
        ["1", "waiting", "script"],
    ]


def test_status_for_programs(device):
    """The same as JSON."""
    cache.clear()
    device.send(make_item("background"))
    sweep.sweep()
    device.send(item := make_item("background"))
    status = json.loads(run("bgsync_status", "--json"))

    assert (status["status"], status["last_worker_at"]) == ("ok", None)
    assert status["oldest_due_at"][:19] == row_of(item).next_at.isoformat()[:19]
    assert status["last_sweep_at"] is not None
    assert status["runner"] == "django_bgsync.runners.django_q.DjangoQRunner"
    [pile] = status["open"]
    assert pile | {"oldest": None} == {"tag": "background", "state": "received", "items": 1, "oldest": None}
    assert pile["oldest"][:19] == row_of(item).received_at.isoformat()[:19]
