"""What a handler returns or raises, and what becomes of its item."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from django_bgsync.applying.processing import bring_forward
from django_bgsync.applying.tries import Try
from django_bgsync.enums import Hand
from django_bgsync.models import DeliveryAttempt
from tests.app.models import Effect, Seat
from tests.deliveries import effects_of, history_of, make_due, make_item, result, row_of, script

BAD = "The handler returned what JSON cannot hold: "


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("apply", "done"),
        ("return nothing", None),
        ("return the most", "x" * (16 * 1024 - 2)),
        ("return a NUL", "a\0b"),
    ],
)
def test_applied(device, step, expected):
    """What the handler returns is the result, up to 16 KiB of JSON."""
    item = script(step)

    assert device.send(item) == [result(item, result=expected)]
    assert effects_of(item) == 1


@pytest.mark.parametrize(
    ("step", "detail"),
    [
        ("return too much", "The handler returned 16385 bytes; 16384 are allowed."),
        ("return too many bytes", "The handler returned 16386 bytes; 16384 are allowed."),
        ("return NaN", f"{BAD}Out of range float values are not JSON compliant"),
        ("return infinity", f"{BAD}Out of range float values are not JSON compliant"),
        ("return a date", f"{BAD}Object of type date is not JSON serializable"),
        ("return a UUID", f"{BAD}Object of type UUID is not JSON serializable"),
        ("return half a surrogate", f"{BAD}'utf-8' codec can't encode character '\\ud800'"),
        ("return a huge integer", f"{BAD}Exceeds the limit (4300 digits) for integer string conversion"),
    ],
)
def test_bad_result(device, step, detail):
    """A result that cannot be stored or sent is rolled back, rejected and not tried again."""
    item = script(step)
    [found] = device.send(item)
    said = found["problem"]["detail"]

    assert said.startswith(detail)
    assert found == result(item, "rejected", "bad_result", problem={"detail": said})
    assert effects_of(item) == 0
    assert DeliveryAttempt.objects.get().error.startswith("BadResult: The handler returned ")


@pytest.mark.parametrize(
    ("step", "code", "problem"),
    [
        ("reject", "rejected", {"detail": "Sold out."}),
        ("reject with a code", "sold_out", {"detail": "Sold <b>out</b>.", "extra": {"left": 0}}),
        ("reject without a word", "rejected", {"detail": ""}),
        ("reject without a code", "rejected", {"detail": "No."}),
        ("reject with a long code", "x" * 64, {"detail": "No."}),
        ("DRF validation", "invalid", {"detail": "This is not valid.", "errors": {"text": ["Too loud."]}}),
        ("DRF validation of a list", "invalid", {"detail": "This is not valid.", "errors": ["Too loud."]}),
        ("Django validation", "invalid", {"detail": "This is not valid.", "errors": {"text": ["Too loud."]}}),
        (
            "Django validation of a list",
            "invalid",
            {"detail": "This is not valid.", "errors": {"non_field_errors": ["Too loud."]}},
        ),
        ("DRF permission", "forbidden", {"detail": "Members only."}),
        ("Django permission", "forbidden", {"detail": "Members only."}),
        ("Django permission without a word", "forbidden", {"detail": "You are not allowed to do this."}),
    ],
)
def test_rejected(device, step, code, problem):
    """A refusal is the item's verdict, with its code and what the client may show; nothing written stays."""
    item = script(step)

    assert device.send(item) == [result(item, "rejected", code, problem=problem)]
    assert (effects_of(item), history_of(item)) == (0, [(1, "receipt", "rejected", code)])
    assert (row_of(item).state, row_of(item).next_at) == ("rejected", None)


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("conflict", {"detail": "Changed meanwhile.", "current": {"text": "theirs"}}),
        ("conflict without a word", {"detail": ""}),
    ],
)
def test_conflict(device, step, problem):
    """A conflict hands over what stands in the item's place; nothing written stays."""
    item = script(step)

    assert device.send(item) == [result(item, "conflict", "conflict", problem=problem)]
    assert (effects_of(item), history_of(item)) == (0, [(1, "receipt", "conflict", "conflict")])


@pytest.mark.parametrize("step", ["reject with a date", "reject with half a surrogate", "conflict with NaN"])
def test_verdict_that_cannot_be_sent(device, step):
    """A verdict whose data is not JSON is a bad result, not a failure that is tried again."""
    item = script(step)
    [found] = device.send(item)

    assert (found["status"], found["code"]) == ("rejected", "bad_result")
    assert found["problem"]["detail"].startswith("The handler raised what JSON cannot hold: ")


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("fail", "KeyError: 'text'$"),
        ("fail at length", "ValueError: x{488}$"),
        ("fail with half a surrogate", "ValueError: "),
        ("fail with NUL", "ValueError: a"),
        ("use a missing table", "(Operational|Programming)Error: .*no_such_table"),
        ("take the seat twice", "IntegrityError: "),
    ],
)
def test_failure(device, step, error):
    """Anything else a handler raises is rolled back, recorded with its traceback, and tried again later."""
    item = script(step)
    [found] = device.send(item)
    row, attempt = row_of(item), DeliveryAttempt.objects.get()

    assert found == result(item, "accepted", "retrying", retry_after=found["retry_after"])
    assert found["retry_after"] in range(1, 6)
    assert (Effect.objects.count(), Seat.objects.count()) == (0, 0)
    assert history_of(item) == [(1, "receipt", "failed", "retrying")]
    assert (row.state, row.attempts, row.failures, row.claimed_at) == ("waiting", 1, 1, None)
    assert row.received_at + timedelta(seconds=2.5) <= row.next_at <= timezone.now() + timedelta(seconds=5)
    assert re.match(error, attempt.error)
    assert "Traceback (most recent call last)" in attempt.traceback


def test_traceback_holds_no_values(device):
    """The traceback shows code, not the values of variables, which may be private."""
    item = script("fail", "a secret")
    device.send(item)
    traceback = DeliveryAttempt.objects.get().traceback

    assert 'steps.py", line' in traceback
    assert "a secret" not in traceback


def test_caught_integrity_error(device):
    """A handler may catch a database error in a savepoint of its own, and goes on."""
    item = script("take the seat once more")

    assert device.send(item) == [result(item, result="taken")]
    assert (effects_of(item), Seat.objects.count()) == (1, 1)


def test_swallowed_integrity_error(device):
    """A handler that swallows a database error without a savepoint lost what it wrote before: it is not applied."""
    item = script("swallow an integrity error")

    assert (device.send(item)[0]["code"], effects_of(item)) == ("retrying", 0)


@pytest.mark.django_db(transaction=True)
def test_callback_fails_after_the_commit(device):
    """An on_commit callback that raises comes too late to change the verdict; the attempt records it."""
    items = make_item(), script("fail after the commit"), make_item()
    found = device.send(*items)
    attempt = DeliveryAttempt.objects.get(item__item_id=items[1]["id"])

    assert [each["status"] for each in found] == ["applied"] * 3
    assert found[1] == result(items[1], result="committed")
    assert [effects_of(item) for item in items] == [1, 1, 1]
    assert (attempt.outcome, attempt.error) == ("applied", "ZeroDivisionError: division by zero")
    assert "on_commit(lambda: 1 / 0)" in attempt.traceback
    assert device.send(items[1]) == [result(items[1], result="committed", replayed=True)]


def test_later_items_after_a_failure(device):
    """A handler that fails rolls back alone: what ran before and after it in the delivery stays."""
    items = make_item(), script("take the seat twice"), make_item()
    found = device.send(*items)

    assert [each["status"] for each in found] == ["applied", "accepted", "applied"]
    assert [effects_of(item) for item in items] == [1, 0, 1]


@pytest.mark.parametrize("step", ["delete the user", "deactivate the user"])
def test_user_is_gone(device, step):
    """What is tried after the user's account was deleted or deactivated is forbidden."""
    late = script("take the seat twice")
    device.send(late, script(step))
    make_due(late)
    bring_forward([row_of(late).pk], Try(hand=Hand.SWEEPER))

    assert (row_of(late).state, row_of(late).code) == ("rejected", "forbidden")
    assert effects_of(late) == 0


def test_refusal_with_nul(device):
    """NUL characters in what a handler says reach the client, and break no database."""
    item = script("reject with NUL")

    assert device.send(item) == [result(item, "rejected", "rejected", problem={"detail": "a\0b", "extra": "\0"})]
