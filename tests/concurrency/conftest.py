"""A site of several processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.concurrency.cluster import Site

# A handler's transaction is the only writer that SQLite has: nobody brings anything meanwhile.
collect_ignore = ["test_slow_handler.py"] if connection.vendor == "sqlite" else []

BROKERS = {"orm": "", **({"redis": url} if (url := os.environ.get("BGSYNC_TEST_REDIS_URL")) else {})}


@pytest.fixture
def user(transactional_db: None, django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ada", password="ada")


@pytest.fixture
def site(tmp_path: Path, user: Any) -> Iterator[Site]:
    """On the ORM broker."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")  # as in production; the file remembers it
    with Site(tmp_path) as site:
        yield site


@pytest.fixture(params=BROKERS)
def any_site(request: pytest.FixtureRequest, site: Site) -> Site:
    """On each broker that there is."""
    site.environ["BROKER_URL"] = site.broker_url = BROKERS[request.param]
    return site
