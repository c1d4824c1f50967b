"""States, statuses and codes: the words of the wire, which may be added to and never changed."""

from __future__ import annotations

import pytest

from django_bgsync import enums
from django_bgsync.enums import DISPOSITIONS, Code, Disposition, ItemState, Status

WORDS = {
    "ItemState": {"received", "waiting", "applied", "rejected", "conflict"},
    "Status": {"applied", "accepted", "rejected", "conflict", "deferred"},
    "Disposition": {"done", "wait", "park", "retry"},
    "Code": {
        *("ok", "queued", "retrying", "invalid", "forbidden", "rejected", "too_large", "invalid_item"),
        *("unstorable_payload", "bad_result", "dead", "conflict", "payload_mismatch", "in_flight"),
        *("unknown_tag", "unknown_item", "unavailable"),
    },
    "Trigger": {
        *("enqueue", "sync", "periodicsync", "online", "load", "visible", "login", "timer", "manual", "message"),
    },
    "Context": {"page", "worker", "other"},
    "Hand": {"receipt", "replay", "awaiting"},
    "Outcome": {"applied", "rejected", "conflict", "retry_later", "failed", "lost"},
    "Operation": {
        *("retry", "recover", "discard", "release", "pause", "resume", "close", "revoke", "restore", "rename"),
    },
    "ActionState": {"queued", "running", "done", "cancelled", "failed"},
    "NoteKind": {"reopened", "discarded", "released"},
}


@pytest.mark.parametrize(("name", "words"), WORDS.items())
def test_words(name, words):
    """None of the words that clients and stored rows use is gone or changed."""
    assert words <= set(getattr(enums, name).values)


@pytest.mark.parametrize("name", WORDS)
def test_every_member_is_named(name):
    """Each member has a label of its own for the admin."""
    labels = [str(label) for label in getattr(enums, name).labels]

    assert all(labels)


def test_dispositions():
    """The client is told what to do for every status, as the contract has it."""
    known = {
        Status.APPLIED: Disposition.DONE,
        Status.ACCEPTED: Disposition.WAIT,
        Status.REJECTED: Disposition.PARK,
        Status.CONFLICT: Disposition.PARK,
        Status.DEFERRED: Disposition.RETRY,
    }

    assert {**DISPOSITIONS, **known} == DISPOSITIONS
    assert set(DISPOSITIONS) == set(Status)


def test_only_applied_lets_the_client_delete():
    """No other status than `applied` makes a client delete an item."""
    assert [status for status, disposition in DISPOSITIONS.items() if disposition == Disposition.DONE] == ["applied"]


def test_unfinished_states():
    """An item is unfinished until its handler has said its last word."""
    finished = {ItemState.APPLIED, ItemState.REJECTED, ItemState.CONFLICT}

    assert set(ItemState.unfinished()) == set(ItemState) - finished


def test_codes_fit_their_column():
    """Each code fits into the 64 characters of its column."""
    assert max(map(len, Code.values)) <= 64
