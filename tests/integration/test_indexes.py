"""What is asked often finds its place by an index, and the index is as small as the database can make it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from django_bgsync.applying import lanes
from django_bgsync.handlers import registry
from django_bgsync.identity import uuid7
from django_bgsync.models import SyncItem, SyncTag
from django_bgsync.owners import Owner
from django_bgsync.receiving import history
from django_bgsync.upkeep import backlog

HOT: dict[str, tuple[Callable[[], Any], str]] = {
    "what is due": (lambda: list(backlog.due_batches(10)), "bgsync_item_due"),
    "since when something is due": (lambda: backlog.oldest_due(timedelta(0)), "bgsync_item_due"),
    "when to try again": (backlog.next_retry, "bgsync_item_due"),
    "what is not applied": (lambda: history.not_applied(Owner(None, visitor=uuid4())), "bgsync_item_not_applied"),
    "what a lane holds": (lambda: lanes.release([row("note", state="applied", lane="shop")]), "bgsync_item_after"),
}


def row(tag: str, **values: Any) -> SyncItem:
    key, now = uuid7(), timezone.now()
    return SyncItem(
        **{"pk": key, "item_id": key, "owner": "u:1", "tag_id": tag, "received_at": now, "size": 0} | values
    )


@pytest.fixture
def rows(db: None) -> None:
    """A tag that is paused with most of what is due, all of it held; one with some; and more that is finished."""
    now = timezone.now()
    SyncTag.objects.bulk_create([SyncTag(name="note"), SyncTag(name="many", state="paused")])
    SyncItem.objects.bulk_create(
        [row("many", state="held", next_at=now - timedelta(hours=1), after=uuid7()) for _ in range(200)]
        + [row("note", next_at=now) for _ in range(20)]
        + [row("note", state="applied", finished_at=now) for _ in range(200)]
    )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE django_bgsync_syncitem")
            cursor.execute("SET LOCAL enable_seqscan = off")  # which is quicker for as few rows


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
        return "\n".join(str(step) for step in cursor.fetchall())


@pytest.mark.parametrize("question", HOT)
def test_hot_questions(rows, question):
    """Each statement about items uses the index that was made for it."""
    ask, index = HOT[question]
    with CaptureQueriesContext(connection) as queries:
        ask()

    about_items = [query["sql"] for query in queries if "django_bgsync_syncitem" in query["sql"]]
    assert about_items
    for sql in about_items:
        assert index in plan(sql), sql


def test_items_of_a_paused_tag(rows):
    """What waits under a paused tag is not even read when somebody looks for work."""
    assert {"note", "many"} <= registry.keys()
    with CaptureQueriesContext(connection) as queries:
        assert sum(map(len, backlog.due_batches(10))) == 20

    pages = [query["sql"] for query in queries if "claimed_at" in query["sql"]]
    assert pages
    assert all("'note'" in sql and "'many'" not in sql for sql in pages)
