"""Which items an operator means: as data, and as rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode
from uuid import UUID

import pytest
from django.utils import timezone

from django_bgsync.exceptions import InvalidSelection
from django_bgsync.operations.selections import Selection
from tests.deliveries import make_item, row_of, script

ID = UUID("019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b11")
FULL = Selection(
    id=(ID, UUID(int=7)),
    tag="post",
    code="dead",
    state="parked",
    client=ID,
    user="7",
    delivery=ID,
    lane="orders",
    exception="KeyError",
    since=datetime(2026, 11, 26, 10, tzinfo=UTC),
    before=datetime(2026, 11, 26, 10, 1, tzinfo=UTC),
    received_since=datetime(2026, 11, 25, 10, 30, tzinfo=UTC),
    received_before=datetime(2026, 11, 26, 11, tzinfo=UTC),
)


@pytest.mark.parametrize("selection", [FULL, Selection(), Selection(tag="post")], ids=["full", "empty", "tag"])
def test_written_and_read(selection):
    """A selection survives JSON and query strings."""
    assert Selection.read(selection.write()) == selection
    assert Selection.read(parse_qs(urlencode(selection.write(), doseq=True))) == selection


@pytest.mark.parametrize(
    "query",
    [
        *(
            "id=x",
            "client=x",
            "state=asleep",
            "user=x",
            "user=" + 30 * "9",
            "since=yesterday",
            "received_since=2026-13-01",
            "tag=a&tag=b",
            "received_since=0001-01-01T00:00+10:00",
            "since=9999-12-31T23:59",
        ),
        *("tag=%00", "received_before=1", "&".join(["id=" + ID.hex] * 1001)),
    ],
)
def test_unreadable(query):
    """What cannot be read is named, and nothing is selected."""
    with pytest.raises(InvalidSelection, match=f"^{query.split('=')[0]}"):
        Selection.read(parse_qs(query, keep_blank_values=True))


def test_other_keys():
    """Other keys of a query string, and empty values, are passed over."""
    assert Selection.read({"kind": ["retry"], "tag": [""], "code": ["dead"]}) == Selection(code="dead")


def test_local_time(settings):
    """A time without a zone is one of the project's."""
    settings.TIME_ZONE = "Asia/Tokyo"

    assert Selection.read({"since": ["2026-11-26T10:00"]}).since == datetime(2026, 11, 26, 1, tzinfo=UTC)


@pytest.fixture
def sent(device, other):
    """Five items, by name."""
    named = {
        "rejected": script("reject"),
        "conflict": script("conflict", lane="orders"),
        "failing": script("fail"),
        "applied": make_item(),
    }
    device.send(*named.values())
    named["foreign"] = script("reject")
    other.send(named["foreign"])
    return named


def chosen(sent, **features):
    keys = set(Selection(**features).rows().values_list("pk", flat=True))
    return {name for name, item in sent.items() if row_of(item).pk in keys}


def test_rows(sent, device):
    """Each feature narrows the choice; several together narrow it further."""
    now = timezone.now()
    foreign, mine = row_of(sent["foreign"]), row_of(sent["applied"])

    assert chosen(sent) == set()
    assert chosen(sent, tag="note") == {"applied"}
    assert chosen(sent, code="rejected") == {"rejected", "foreign"}
    assert chosen(sent, code="rejected", client=mine.client_id) == {"rejected"}
    assert chosen(sent, user=str(foreign.user_id)) == {"foreign"}
    assert chosen(sent, state="parked") == {"rejected", "conflict", "foreign"}
    assert chosen(sent, state="waiting") == {"failing"}
    assert chosen(sent, state="unfinished") == {"failing"}
    assert chosen(sent, delivery=foreign.delivery_id) == {"foreign"}
    assert chosen(sent, before=now + timedelta(hours=1)) == set(sent) - {"failing"}
    assert chosen(sent, lane="orders") == {"conflict"}
    assert chosen(sent, exception="KeyError") == {"failing"}
    assert chosen(sent, exception="Key") == set()
    assert chosen(sent, since=now - timedelta(hours=1)) == set(sent) - {"failing"}
    assert chosen(sent, since=now + timedelta(hours=1)) == set()
    assert chosen(sent, received_since=foreign.received_at) == {"foreign"}
    assert chosen(sent, received_before=foreign.received_at) == set(sent) - {"foreign"}
    assert chosen(sent, id=(mine.pk, foreign.pk)) == {"applied", "foreign"}
