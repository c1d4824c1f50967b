"""The database is restored from a backup that is older than what devices were told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.crash.own_database import OwnDatabase, OwnPostgres, OwnSQLite
from tests.crash.site import CrashSite
from tests.deliveries import make_item, result

DATABASES = {"sqlite": OwnSQLite, "postgresql": OwnPostgres}


@pytest.fixture
def database() -> Iterator[OwnDatabase]:
    with DATABASES[connection.vendor]() as database:
        yield database


@pytest.fixture
def site(database: OwnDatabase, tmp_path: Any) -> Iterator[CrashSite]:
    with CrashSite(tmp_path, database_url=database.url) as site:
        site.prepare()
        yield site


def ask(site: CrashSite, *items: dict[str, Any]) -> list[dict[str, Any]]:
    return site.deliver(awaiting=[item["id"] for item in items]).json()["settled"]


def test_restored_backup(site, database):
    """What was accepted since then is unknown, sent again and applied once. What was parked stays where it is, and what
    was applied is lost: its device has deleted it.
    """
    before = make_item("brittle")
    assert site.deliver(before).json()["results"] == [result(before, result="written")]
    site.stop()
    database.backup()

    done, accepted, parked = make_item("brittle"), make_item("brittle-job"), make_item("refused")
    told = site.deliver(done, accepted, parked).json()["results"]
    assert [each["disposition"] for each in told] == ["done", "wait", "park"]
    site.sweep()  # applied, but the device does not know it yet
    site.stop()
    database.restore()

    assert ask(site, accepted, parked) == [
        result(accepted, "deferred", "unknown_item"),
        result(parked, "deferred", "unknown_item"),
    ]
    assert [each["code"] for each in site.replay(accepted)] == ["queued"]
    site.sweep()
    assert ask(site, accepted) == [result(accepted, result="written", replayed=True)]
    assert [database.story(item) for item in (before, accepted, parked, done)] == [
        ("applied", 1, ["applied"]),
        ("applied", 1, ["applied"]),
        (None, 0, []),
        (None, 0, []),
    ]
    assert site.replay(before) == [result(before, result="written", replayed=True)]
