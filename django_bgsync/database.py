"""The database that holds the items: where it is, how it is locked, and which of its errors pass by themselves."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from django_bgsync.models import SyncItem

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 3
LOST = (OperationalError, InterfaceError)
"""What the database raises when it is gone. Some of these errors mean something else: ask `is_transient` first."""
_SQLSTATES = {"40001", "40P01", "55P03"}
"""Serialization failure, deadlock, lock not available (PostgreSQL, appendix A)."""
_MARIADB_ERRORS = {1205, 1213}
"""Lock wait timeout, deadlock."""
_is_joining = ContextVar("_is_joining", default=False)


def alias() -> str:
    """Where items live. Handlers must write there for the promise to hold."""
    return router.db_for_write(SyncItem)


def connection() -> BaseDatabaseWrapper:
    return connections[alias()]


def atomic() -> AbstractContextManager[None]:
    """A transaction that really commits at its end: inside another one it fails loudly (but works in TestCase)."""
    return transaction.atomic(using=alias(), durable=not _is_joining.get())


def alone() -> AbstractContextManager[None]:
    """As `atomic`, for one statement, which commits by itself: spares the round trips of BEGIN and COMMIT."""
    return atomic() if connection().in_atomic_block else nullcontext()


@contextmanager
def joining() -> Iterator[None]:
    """Let `atomic` be a part of the transaction that is open around it, if there is one, and stay or go with that."""
    token = _is_joining.set(True)
    try:
        yield
    finally:
        _is_joining.reset(token)


def after_commit(function: Callable[[], None]) -> None:
    """Call it now that `atomic` has ended; if that joined another transaction, once that one is committed."""
    if _is_joining.get():
        transaction.on_commit(function, using=alias())
    else:
        function()


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of a transaction. Raises TransactionManagementError at its end if a database error was swallowed in it:
    Django would roll the part back and say nothing.
    """
    with transaction.atomic(using=alias()):
        yield
        if connection().needs_rollback:
            raise transaction.TransactionManagementError(
                "A database error was caught without transaction.atomic() around what failed: nothing can be kept."
            )


def witness() -> AbstractContextManager[None]:
    """Fails at its end if the transaction around it is no longer the same.

    MariaDB rolls the whole transaction back on a deadlock, and a handler that swallows the error goes on in a new one.
    Then this savepoint is gone. Others refuse every statement after such an error.
    """
    return savepoint() if connection().vendor == "mysql" else nullcontext()


@contextmanager
def short_waits() -> Iterator[None]:
    """Inserts within wait a second at most for rows that others hold; then they fail, and `is_transient` says so.

    MariaDB only: its INSERT IGNORE locks the rows that it finds, and waits for a handler that has them locked. Others
    just leave them out.
    """
    current = connection()
    with current.execute_wrapper(_impatient) if getattr(current, "mysql_is_mariadb", False) else nullcontext():
        yield


def _impatient(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    prefix = "SET STATEMENT innodb_lock_wait_timeout=1 FOR " if sql.startswith("INSERT") else ""
    return execute(prefix + sql, *rest)


def is_transient(error: BaseException | None) -> bool:
    """Whether the work may simply be done again: the database chose this transaction as a conflict's victim."""
    if not isinstance(error, OperationalError):
        return False
    if getattr(error.__cause__, "sqlstate", None) in _SQLSTATES:
        return True
    first = error.args[0] if error.args else None
    return first in _MARIADB_ERRORS or (isinstance(first, str) and "database is locked" in first)


def persistent(function: Callable[P, T]) -> Callable[P, T]:
    """Do the work, a whole transaction, up to three times if it was the victim of a conflict."""

    @functools.wraps(function)
    def tried(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(TRIES - 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if not is_transient(error):
                    raise
        return function(*args, **kwargs)

    return tried
