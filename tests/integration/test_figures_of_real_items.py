"""Hourly figures of items that have really gone through the server, in every way that an item can go."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from django_bgsync import tallies
from django_bgsync.enums import Operation
from django_bgsync.models import SyncItem, SyncTag
from django_bgsync.operations import actions
from django_bgsync.operations.selections import Selection
from django_bgsync.upkeep import sweep
from tests.deliveries import age_claim, claim, make_due, make_item, script
from tests.histories import counted_slowly, flat

DAY = timedelta(days=1)


def totals():
    now = timezone.now()
    rows = tallies.count(now - DAY, now + DAY).values()
    assert flat(rows) == counted_slowly(until=now + DAY)
    sums = {name: sum(getattr(row, name) for row in rows) for name in tallies.COUNTS if name != "bytes"}
    return {name: count for name, count in sums.items() if count}


def test_every_way(device):
    """Each receipt, outcome, failure and deed of an operator is counted once, and under its name."""
    created_at = (timezone.now() - timedelta(minutes=5)).isoformat()
    ways = {step: script(step, "apply") for step in ("apply", "reject", "conflict", "return NaN", "retry later")}
    dead = script("fail", created_at=created_at)
    device.send(*ways.values(), dead)
    assert totals() == {"received": 6, "applied": 1, "rejected": 2, "conflict": 1, "retried": 1, "failed": 1}

    for _ in range(2):
        make_due(dead)
        device.ask(dead)
    assert totals()["dead"] == 1
    assert totals()["failed"] == 3

    device.send({**ways["reject"], "retry": 1, "send_count": 2})
    actions.request(Operation.RETRY, Selection(code="conflict"))
    actions.request(Operation.DISCARD, Selection(code="dead"), reason="x")
    sweep.sweep()
    assert totals() == {
        **{"received": 6, "applied": 3, "rejected": 2, "conflict": 1, "retried": 1, "failed": 3},
        **{"dead": 1, "reopened": 2, "discarded": 1},
    }


def test_lost_and_refused(device):
    """A try whose process died, and an item that was refused on receipt, are counted, also after they were opened."""
    lost, refused = make_item("background"), make_item()
    SyncTag.objects.create(name="note", state="closed")
    device.send(lost, refused)
    claim(lost)
    age_claim(lost, by=timedelta(seconds=10))
    SyncItem.objects.update(claimed_by="worker")
    before = totals()
    assert before == {"received": 2, "rejected": 1}
    sweep.sweep()
    actions.request(Operation.RETRY, Selection(code="tag_closed"))
    sweep.sweep()

    assert totals() == {**before, "lost": 1, "applied": 2, "reopened": 1}
