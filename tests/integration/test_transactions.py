"""Receipt, effect and outcome: what is committed when, also in projects that wrap every request."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, connections, transaction

from django_bgsync.models import SyncItem
from tests.app.bgsync import ANSWER
from tests.deliveries import (
    ITEMS,
    age_claim,
    effects_of,
    history_of,
    make_due,
    make_item,
    read,
    result,
    row_of,
    script,
)


@pytest.fixture
def atomic_requests(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)


@pytest.mark.django_db(transaction=True)
def test_atomic_requests(atomic_requests, device):
    """ATOMIC_REQUESTS does not wrap ours: receipt and outcome have commits of their own."""
    good, refused, failing = make_item(), script("reject"), script("fail")
    found = device.send(good, refused, failing)

    assert [each["status"] for each in found] == ["applied", "rejected", "accepted"]
    assert [len(history_of(item)) for item in (good, refused, failing)] == [1, 1, 1]
    assert read(device.post(ITEMS, make_item()))["status"] == "applied"


@pytest.mark.django_db(transaction=True)
def test_interrupted_with_atomic_requests(atomic_requests, device):
    """What was received before the process ended is there, ATOMIC_REQUESTS or not."""
    item = script("exit", "apply")
    with pytest.raises(SystemExit):
        device.deliver(item)
    age_claim(item)

    assert (row_of(item).state, effects_of(item)) == ("received", 0)
    assert device.send(item) == [result(item, result="done", replayed=True)]


@pytest.mark.django_db(transaction=True)
def test_outer_transaction(user, device):
    """Within somebody's transaction nothing could be promised: it fails loudly, and the client keeps its items."""
    with transaction.atomic():
        assert device.deliver(make_item()).status_code == 503

    assert not SyncItem.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_effect_and_outcome_are_one_commit(device, monkeypatch):
    """If the outcome cannot be written, the effect is gone too: the item is tried again, not lost and not doubled."""
    item = make_item()
    original = connection.commit
    commits = []

    def commit_until_the_effect():
        commits.append(effects_of(item))
        if commits[-1]:
            raise OperationalError("cut off")
        original()

    with monkeypatch.context() as cut:
        cut.setattr(connection, "commit", commit_until_the_effect)
        [found] = device.send(item)

    assert (found["status"], effects_of(item)) == ("accepted", 0)
    make_due(item)
    assert device.send(item) == [result(item, result=ANSWER, replayed=True)]
    assert effects_of(item) == 1


@pytest.mark.django_db(transaction=True)
def test_deferred_constraint(device):
    """A constraint that the database only checks at the commit is a failure of the handler like any other."""
    item = script("point to nobody", "apply")
    [found] = device.send(item)

    assert (found["code"], effects_of(item)) == ("retrying", 0)
    assert history_of(item) == [(1, "receipt", "failed", "retrying")]
    make_due(item)
    assert device.ask(item) == [result(item, result="done", replayed=True)]


@pytest.mark.django_db(transaction=True)
def test_deferred_constraint_in_company(device):
    """When the commit that items share fails, each is tried alone: only the culprit fails."""
    items = make_item(), script("point to nobody"), make_item()

    assert [each["code"] for each in device.send(*items)] == ["ok", "retrying", "ok"]
    assert [effects_of(item) for item in items] == [1, 0, 1]
    assert [row_of(item).attempts for item in items] == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("neighbours", [0, 2])
def test_victim_of_a_conflict(device, neighbours):
    """A transaction that the database chose as a conflict's victim is done again within the same try."""
    item = script("lose a conflict")
    others = [make_item() for _ in range(neighbours)]
    found = device.send(item, *others)

    assert found[0] == result(item, result="run 3")
    assert [each["status"] for each in found] == ["applied"] * (neighbours + 1)
    assert [effects_of(each) for each in (item, *others)] == [1] * (neighbours + 1)
    assert history_of(item) == [(1, "receipt", "applied", "ok")]


@pytest.mark.django_db(transaction=True)
def test_victim_of_every_conflict(device):
    """After three times it is a failure like any other, and its neighbours are applied."""
    item, other = script("lose every conflict"), make_item()

    assert [each["code"] for each in device.send(item, other)] == ["retrying", "ok"]
    assert (effects_of(item), effects_of(other)) == (0, 1)
    assert history_of(item) == [(1, "receipt", "failed", "retrying")]


@pytest.mark.django_db(transaction=True)
def test_slow_handlers_do_not_share(device):
    """What slow handlers did is committed before the next ones run: a process that ends loses no more than that."""
    slow, ends, late = script("take a while"), script("exit", "apply"), make_item()
    with pytest.raises(SystemExit):
        device.deliver(slow, ends, late)

    assert [row_of(item).state for item in (slow, ends, late)] == ["applied", "received", "received"]
    assert effects_of(slow) == 1


@pytest.mark.django_db(transaction=True)
def test_cut_off_behind_a_commit(device, handler, monkeypatch):
    """A connection that is cut off between a COMMIT and what Django says then is not used for what follows: that would
    only seem to be committed.
    """
    wrapper, armed = type(connections[connection.alias]), []
    tell = wrapper._set_autocommit

    def cut_off(self, autocommit):
        if autocommit and armed:
            armed.clear()
            raise OperationalError(1317, "Query execution was interrupted")
        tell(self, autocommit)

    @handler("arm")
    def arm(item):
        armed.append(item)

    later = script("retry at once", "apply")
    device.send(later)
    monkeypatch.setattr(wrapper, "_set_autocommit", cut_off)
    verdicts = device.send(make_item("arm"), later)
    connection.close()

    assert [verdict["status"] for verdict in verdicts] == ["applied", "applied"]
    assert (row_of(later).state, effects_of(later)) == ("applied", 1)
    assert device.send(later) == [{**verdicts[1], "replayed": True}]
