"""The database goes away when a part of a delivery is committed: that part is answered, the rest comes again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

from django_bgsync.applying import processing
from django_bgsync.models import SyncTag
from tests.app.steps import STEPS
from tests.deliveries import (
    ITEMS,
    Device,
    age_claim,
    code_of,
    history_of,
    make_due,
    make_item,
    read,
    result,
    row_of,
    script,
)


@pytest.fixture
def user(transactional_db: None, django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ada")


@pytest.fixture(autouse=True)
def cut(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Lets the database go away; it comes back at the end. The handler's step "cut" does so too."""
    with monkeypatch.context() as patched:

        def fail(*args: Any, **kwargs: Any) -> None:
            raise OperationalError("gone")

        def cut(*args: Any) -> None:
            patched.setattr(CursorWrapper, "execute", fail)
            for name in ("connect", "_commit", "_rollback"):
                patched.setattr(connection, name, fail)

        patched.setitem(STEPS, "cut", cut)
        patched.setattr(processing, "SHARED_SECONDS", 0)  # a commit for each item

        cut.undo = patched.undo  # type: ignore[attr-defined]
        yield cut


def unavailable(item: dict[str, Any]) -> dict[str, Any]:
    return result(item, "deferred", "unavailable", retry_after=30)


def test_rest_is_unavailable(device: Device, cut: Any) -> None:
    """What is committed is answered, with the items that need nothing more; the others are for later."""
    known, held = make_item(), make_item("background")
    device.send(known, held)
    SyncTag.objects.create(name="mirror", state="paused")
    paused = make_item("mirror")
    device.send(paused)
    items = [script("apply"), script("reject"), script("cut", "apply"), script("apply"), make_item("background")]
    answers = device.deliver(*items, known, paused, awaiting=[known["id"], held["id"], items[3]["id"]])
    cut.undo()

    found = read(answers)
    assert found["results"][:4] == [
        result(items[0], result="done"),
        result(items[1], "rejected", "rejected", problem={"detail": "Sold out."}),
        unavailable(items[2]),
        unavailable(items[3]),
    ]
    assert [(each["status"], each["code"]) for each in found["results"][4:]] == [
        ("accepted", "queued"),
        ("applied", "ok"),
        ("deferred", "unavailable"),  # due, if its tag was opened meanwhile
    ]
    assert [each["code"] for each in found["settled"]] == ["ok", "unavailable", "unavailable"]


def test_rest_is_applied_later(device: Device, cut: Any) -> None:
    """What was unavailable is applied when it is sent again; the try that was cut off counts as lost."""
    items = [script("apply"), script("cut", "apply"), script("apply")]
    assert [each["code"] for each in device.send(*items)] == ["ok", "unavailable", "unavailable"]
    cut.undo()
    for item in items[1:]:
        assert row_of(item).attempts == 1
        age_claim(item)

    assert [each["status"] for each in device.send(*items)] == ["applied"] * 3
    outcomes = [[outcome for _, _, outcome, _ in history_of(item)] for item in items]
    assert outcomes == [["applied"], ["lost", "applied"], ["lost", "applied"]]


def test_nothing_is_certain(device: Device, cut: Any) -> None:
    """Cut off before the first commit, the whole delivery is unavailable."""
    assert code_of(device.deliver(script("cut", "apply"), script("apply"))) == (503, "unavailable")


def test_one_item(device: Device, cut: Any) -> None:
    """The endpoint for one item says the same in its way."""
    response = device.post(ITEMS, script("cut", "apply"), X_BGSync="1")

    assert code_of(response) == (503, "unavailable")
    assert response["Retry-After"] == "30"


def test_cut_off_in_a_replay(device: Device, cut: Any) -> None:
    """A stored answer is given even then; an open item, which may have moved, is not spoken for."""
    done, due = make_item(), script("fail", "cut", "apply")
    device.send(done, due)
    make_due(due)

    assert [each["code"] for each in device.send(done, due)] == ["ok", "unavailable"]


@pytest.mark.parametrize("shared", [0, 60])
def test_cut_off_when_done_again_one_by_one(
    device: Device, cut: Any, monkeypatch: pytest.MonkeyPatch, shared: float
) -> None:
    """Items whose shared transaction failed are committed one by one, and each commit counts."""
    monkeypatch.setattr(processing, "SHARED_SECONDS", shared)
    runs = iter([OperationalError("database is locked"), None])

    def lose_once_then_cut(item: Any) -> str:
        if error := next(runs, None):
            raise error
        cut()
        return "done"

    monkeypatch.setitem(STEPS, "lose", lose_once_then_cut)
    items = [script("apply"), script("lose")]

    assert [each["code"] for each in device.send(*items)] == ["ok", "unavailable"]
