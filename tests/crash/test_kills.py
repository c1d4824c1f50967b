"""Processes are killed at every named point. What they had in hand is applied once, and every try is in the history."""

from __future__ import annotations

import pytest

from django_bgsync.milestones import Milestone
from tests.crash.orders import HANDING_OVER
from tests.crash.site import CrashSite, brittle, let_time_pass, story
from tests.deliveries import make_item

NOTHING_LOST = (1, 1, ["applied"])
ONE_LOST = (1, 2, ["lost", "applied"])
BEFORE_THE_COMMIT = [
    (Milestone.BEFORE_HANDLER, 2),
    (Milestone.INSIDE_HANDLER, 2),
    (Milestone.AFTER_HANDLER, 2),
    (Milestone.BEFORE_APPLY_COMMIT, 1),
]


def check_replays(site: CrashSite, items: list[dict[str, object]]) -> None:
    """All are answered `applied`, and again with the same words."""
    first = site.replay(*items)
    assert [(each["status"], each["result"]) for each in first] == [("applied", "written")] * len(items)
    assert site.replay(*items) == [{**each, "replayed": True} for each in first]


@pytest.mark.parametrize(
    ("milestone", "visit", "expected"),
    [
        (Milestone.RECEIVED, 1, ONE_LOST),
        *((milestone, visit, ONE_LOST) for milestone, visit in BEFORE_THE_COMMIT),
        (Milestone.AFTER_APPLY_COMMIT, 1, NOTHING_LOST),
        (Milestone.BEFORE_RESPONSE, 1, NOTHING_LOST),
    ],
)
def test_web_process(site, milestone, visit, expected):
    """Killed in a delivery, then a replay and a sweep: one effect each, and a lost attempt if one was lost."""
    items = brittle()
    site.crash(milestone, visit, *items)

    let_time_pass()
    check_replays(site, items)
    site.sweep()
    assert [story(item) for item in items] == [expected] * 3
    check_replays(site, items)


def test_web_process_swept_first(site):
    """The sweeper may come before the replay."""
    items = brittle()
    site.crash(Milestone.INSIDE_HANDLER, 2, *items)

    let_time_pass()
    site.sweep()
    assert [story(item) for item in items] == [ONE_LOST] * 3
    check_replays(site, items)


def test_between_commit_and_enqueue(site):
    """Receipts are committed, no worker hears of them: the replay is answered from the rows, the sweeper applies."""
    items = brittle(tag="brittle-job")
    site.crash(HANDING_OVER, 1, *items)

    assert {each["code"] for each in site.replay(*items)} == {"queued"}
    site.sweep()
    assert [story(item) for item in items] == [NOTHING_LOST] * 3
    check_replays(site, items)


@pytest.mark.parametrize("who", ["worker", "sweeper"])
@pytest.mark.parametrize(("milestone", "visit"), [*BEFORE_THE_COMMIT, (Milestone.AFTER_APPLY_COMMIT, 1)])
def test_worker_and_sweeper(site, who, milestone, visit):
    """Killed with items in hand: the next sweep does what is left of them."""
    items = brittle(tag="brittle-job")
    site.deliver(*items)
    site.crash_at_work(milestone, visit, who)

    let_time_pass()
    site.sweep()
    is_committed = milestone == Milestone.AFTER_APPLY_COMMIT
    assert [story(item) for item in items] == [NOTHING_LOST if is_committed else ONE_LOST] * 3
    check_replays(site, items)


def test_kill_after_kill(site):
    """A second process dies of something else while it makes good what the first one lost."""
    items = brittle()
    site.crash(Milestone.BEFORE_HANDLER, 1, *items)
    let_time_pass()
    site.crash_at_work(Milestone.BEFORE_APPLY_COMMIT, 1, "sweeper")
    let_time_pass()
    site.sweep()

    stories = [story(item) for item in items]
    # Items with a lost attempt are tried one by one: the second process took one of them with it.
    assert sorted(stories) == [ONE_LOST, ONE_LOST, (1, 3, ["lost", "lost", "applied"])]
    check_replays(site, items)


def test_poison(site):
    """An item that kills every process is dead at the cap, and the 99 others of its delivery are applied."""
    # First: whatever came before it could be committed already on a slow machine, and would have lost nothing.
    items = [make_item("poison"), *brittle(99)]
    site.die_of(*items)
    ends = []
    while 0 not in ends and len(ends) < 5:
        let_time_pass()
        ends.append(site.work())

    assert ends == [-9, -9, 0]
    poison = items.pop(0)
    assert story(poison) == (0, 3, ["lost"] * 3)
    assert [story(item) for item in items] == [ONE_LOST] * 99
    [dead] = site.replay(poison)
    assert (dead["status"], dead["code"], dead["replayed"]) == ("rejected", "dead", True)
