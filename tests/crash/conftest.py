"""One web server for the tests of a file; each begins with an empty database and ada."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.crash.own_database import program
from tests.crash.site import CrashSite

# Some need a database of their own. "make test" says in its last lines if there is no server for them.
OWN = {
    "test_database_restart.py": {"postgresql"},
    "test_restored_backup.py": {"postgresql", "sqlite"},
}
has_server = connection.vendor != "postgresql" or program("initdb")
collect_ignore = [name for name, vendors in OWN.items() if connection.vendor not in vendors or not has_server]


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[CrashSite]:
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA journal_mode=WAL")  # as in production; the file remembers it
        connection.close()
    with CrashSite(tmp_path_factory.mktemp("crash")) as site:
        yield site


@pytest.fixture
def site(server: CrashSite, transactional_db: None, django_user_model: Any) -> CrashSite:
    django_user_model.objects.create_user("ada")
    return server
