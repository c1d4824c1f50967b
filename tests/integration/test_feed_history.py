"""What is remembered of pulls: the interval that was wanted beside the one that was granted, and how they ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from django_bgsync.feeds import pulls
from django_bgsync.models import FeedPull, SyncClient
from tests.app.feeds import Told
from tests.deliveries import read
from tests.pulling import FEEDS, pull

PERIODIC = ";trigger=periodicsync;min-interval=43200"


def rows(*names: str):
    return list(FeedPull.objects.order_by("started_at", "pk").values_list(*names))


def age(by: timedelta) -> None:
    """Let all pulls so far have been so long ago."""
    for row in FeedPull.objects.all():
        row.started_at -= by
        row.ended_at -= by
        row.save(update_fields=["started_at", "ended_at"])


def fail_with(monkeypatch, error) -> None:
    def raise_it(request, cursor):
        raise error

    monkeypatch.setattr(Told, "answer", raise_it, raising=False)


def test_row(device):
    """Who asked for what, why, and what it got."""
    before = timezone.now()
    body = pull(device, said=PERIODIC).content
    [row] = FeedPull.objects.all()

    assert (row.feed, row.owner, row.client) == ("numbers", f"u:{device.user.pk}", SyncClient.objects.get())
    assert (row.trigger, row.wanted_seconds, row.granted_seconds) == ("periodicsync", 43200, None)
    assert (row.pages, row.items, row.bytes, row.outcome) == (1, 3, len(body), "partial")
    assert before <= row.started_at <= row.ended_at <= timezone.now()
    assert row.duration_ms >= 1


def test_pages_of_one_pull(device):
    """They are one row, which ends as the last page does."""
    sizes = [len(pull(device, cursor=cursor, said=PERIODIC).content) for cursor in (None, "3", "6")]

    assert rows("pages", "items", "bytes", "outcome", "granted_seconds") == [(3, 7, sum(sizes), "complete", None)]


def test_granted_interval(device):
    """The seconds since this client's pull of this feed before."""
    pull(device, said=PERIODIC)
    age(timedelta(hours=30))
    pull(device, cursor="7", said=PERIODIC)

    assert rows("granted_seconds", "outcome") == [(None, "partial"), (108000, "complete")]


def test_cut_pull(device):
    """What is taken up much later, or by something else, is another pull."""
    pull(device, said=PERIODIC)
    age(pulls.TOGETHER)
    pull(device, cursor="3", said=PERIODIC)
    pull(device, cursor="6", said=";trigger=load")

    assert rows("trigger", "pages", "outcome") == [
        ("periodicsync", 1, "partial"),
        ("periodicsync", 1, "partial"),
        ("load", 1, "complete"),
    ]


def test_beginning_anew(device):
    """A pull without a cursor does not go on with the one before."""
    pull(device)
    pull(device)

    assert rows("pages", "outcome") == [(1, "partial"), (1, "partial")]


def test_others_are_others(device, other):
    """Neither another client's pulls nor those of another feed count."""
    pull(device)
    pull(other, cursor="3")
    pull(device, "told", cursor="3")

    assert rows("feed", "pages", "granted_seconds") == [
        ("numbers", 1, None),
        ("numbers", 1, None),
        ("told", 1, None),
    ]


def test_sender_without_a_name(device):
    """Nobody knows what it asked for before."""
    for _ in range(2):
        read(device.http.get(f"{FEEDS}numbers/"))

    assert rows("client", "granted_seconds", "outcome") == [(None, None, "partial")] * 2


def test_unchanged(device):
    """A 304 sends nothing, and is remembered."""
    etag = pull(device, cursor="7")["ETag"]
    pull(device, cursor="7", If_None_Match=etag)

    assert rows("outcome", "items") == [("complete", 0), ("unchanged", 0)]
    assert rows("bytes")[1] == (0,)


@pytest.mark.parametrize(
    ("error", "code"), [(ValidationError("Not mine."), "invalid_cursor"), (PermissionDenied("Not yours."), "")]
)
def test_refused(device, monkeypatch, error, code):
    """What the function refuses is no fault."""
    fail_with(monkeypatch, error)
    pull(device, "told")

    [(outcome, said, text, traceback)] = rows("outcome", "code", "error", "traceback")
    assert (outcome, said, traceback) == ("refused", code, "")
    assert type(error).__name__ in text


def test_failed(device, monkeypatch):
    """What the function raises is kept with its traceback, whatever it says."""
    fail_with(monkeypatch, RuntimeError("nul \0" + "x" * 1000))
    pull(device, "told")

    [(outcome, code, error, traceback)] = rows("outcome", "code", "error", "traceback")
    assert (outcome, code, len(error) <= 500) == ("failed", "error", True)
    assert error.startswith("RuntimeError: nul x")
    assert "raise_it" in traceback
    assert "\0" not in error + traceback  # which PostgreSQL cannot store


def test_history_is_no_part_of_the_answer(device, monkeypatch, caplog):
    """A pull that cannot be written down is answered, and the log says so."""

    def fail(**columns):
        raise DatabaseError

    monkeypatch.setattr(FeedPull.objects, "create", fail)

    assert len(read(pull(device))["items"]) == 3
    assert "not written down" in caplog.text


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("; Trigger = load ; MIN-INTERVAL = 60", ("load", 60)),
        (";min-interval=0", ("", 0)),
        (";min-interval=2147483647", ("", 2147483647)),
        (";min-interval=2147483648", ("", None)),
        (";min-interval=-1", ("", None)),
        (";min-interval=1e3", ("", None)),
        (";min-interval=\u0664", ("", None)),
        (";trigger=whim", ("", None)),
        (";trigger=load;trigger=online", ("load", None)),
        (";;=;x;trigger", ("", None)),
        (";min-interval=" + "9" * 5000, ("", None)),
    ],
)
def test_what_the_client_says(device, said, kept):
    """Only what is well-formed is kept, and nothing is a reason to refuse."""
    read(pull(device, said=said))

    assert rows("trigger", "wanted_seconds") == [kept]


def test_statements(device, django_assert_num_queries):
    """A pull costs a look at the session, the user, the client and the pull before, and one row."""
    pull(device)
    with django_assert_num_queries(5):
        pull(device, cursor="7")
