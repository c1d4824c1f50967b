"""The parts of a transaction, one for each call of a handler: each stays or goes alone."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from django_bgsync import database
from django_bgsync.models import SyncTag

pytestmark = pytest.mark.django_db(transaction=True)


class Unwanted(Exception):
    pass


def do(parts: database.Parts, name: str, *, fails: bool = False, called: list[str] | None = None) -> None:
    with parts.part():
        SyncTag.objects.create(name=name)
        if called is not None:
            transaction.on_commit(lambda: called.append(name))
        if fails:
            raise Unwanted


def kept() -> set[str]:
    return set(SyncTag.objects.filter(name__startswith="part-").values_list("name", flat=True))


def test_each_alone():
    """What fails leaves nothing; what came before it, and what comes after it, stays."""
    with database.atomic():
        parts = database.Parts()
        do(parts, "part-1")
        for name in ("part-2", "part-3"):
            with pytest.raises(Unwanted):
                do(parts, name, fails=True)
        do(parts, "part-4")

    assert kept() == {"part-1", "part-4"}


def test_the_whole():
    """They go together if the transaction fails after them."""

    def fail() -> None:
        with database.atomic():
            do(database.Parts(), "part-1")
            raise Unwanted

    with pytest.raises(Unwanted):
        fail()
    assert kept() == set()


def test_callbacks():
    """What a part wants to have done after the commit is done if the part has stayed, whatever others did."""
    called: list[str] = []
    with database.atomic():
        parts = database.Parts()
        do(parts, "part-1", called=called)
        with pytest.raises(Unwanted):
            do(parts, "part-2", called=called, fails=True)
        do(parts, "part-3", called=called)
        with pytest.raises(Unwanted):
            do(parts, "part-4", called=called, fails=True)

    assert called == ["part-1", "part-3"]


def test_blocks_within():
    """A block of the handler's own within its part goes alone, too."""
    with database.atomic():
        parts = database.Parts()
        with parts.part():
            SyncTag.objects.create(name="part-1")
            with suppress(Unwanted), transaction.atomic():
                SyncTag.objects.create(name="part-2")
                raise Unwanted
        do(parts, "part-3")

    assert kept() == {"part-1", "part-3"}


def test_swallowed_error():
    """A database error that was caught without a block of its own undoes the part, and the next one works."""

    def swallow(parts: database.Parts) -> None:
        with parts.part():
            SyncTag.objects.create(name="part-1")
            with suppress(IntegrityError):
                SyncTag.objects.create(name="part-0")

    SyncTag.objects.create(name="part-0")
    with database.atomic():
        parts = database.Parts()
        with pytest.raises(transaction.TransactionManagementError):
            swallow(parts)
        do(parts, "part-2")

    assert kept() == {"part-0", "part-2"}


def test_statements():
    """One for each part on PostgreSQL, where each is a wait, and none for a part after one that went."""
    with database.atomic(), CaptureQueriesContext(connection) as queries:
        parts = database.Parts()
        for name in ("part-1", "part-2", "part-3"):
            do(parts, name)
        with pytest.raises(Unwanted):
            do(parts, "part-4", fails=True)
        do(parts, "part-5")

    made = [query["sql"] for query in queries if "SAVEPOINT" in query["sql"]]
    undone = [sql for sql in made if sql.startswith("ROLLBACK")]
    assert (len(made), len(undone)) == (5 if connection.vendor == "postgresql" else 8, 1)
