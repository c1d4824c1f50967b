"""The database that holds the items: where it is, how it is locked, and which of its errors pass by themselves."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import cached_property
from typing import Any, ParamSpec, TypeVar

from django.db import Error, InterfaceError, OperationalError, connections, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from django_bgsync.models import SyncItem

P = ParamSpec("P")
T = TypeVar("T")
V = TypeVar("V", bound=Callable[..., Any])

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


@contextmanager
def atomic() -> Iterator[None]:
    """A transaction that really commits at its end: inside another one it fails loudly (but works in TestCase)."""
    try:
        with transaction.atomic(using=alias(), durable=not _is_joining.get()):
            yield
    except BaseException:
        mend()
        raise


def mend() -> None:
    """Close the connection if a transaction was cut off at its end, before Django could say `SET autocommit`: what
    comes then would only seem to be committed, or would fail until the process ends.
    """
    current = connection()
    is_left = current.connection is not None and not (current.in_atomic_block or current.autocommit)
    if is_left and current.settings_dict["AUTOCOMMIT"]:
        current.close()


def own_transactions(view: V) -> V:
    """A view around which no ATOMIC_REQUESTS puts a transaction, in whichever database: it commits when it has to."""
    for name in connections:
        view = transaction.non_atomic_requests(using=name)(view)
    return view


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
            raise _swallowed()


class Parts:
    """The parts of one transaction, one after another, each of which stays or goes alone.

    As a row of `savepoint`s, but none is released for its own sake: that is done by the statement that makes the next
    one, or by the commit. Beside handlers that write one row, savepoints are most of what is sent to the database.
    """

    def __init__(self) -> None:
        self._connection = connection()
        self._savepoint = ""
        self._is_clean = False
        """Whether there is a savepoint, and nothing has happened since."""

    @contextmanager
    def part(self) -> Iterator[None]:
        """Raises TransactionManagementError at its end if a database error was swallowed in it."""
        if not self._is_clean:
            self._begin()
        self._is_clean = False
        # As Django's own blocks do it: callbacks that are registered within go with the savepoint.
        self._connection.savepoint_ids.append(self._savepoint)
        try:
            yield
            if self._connection.needs_rollback:
                raise _swallowed()
        except BaseException:
            self._connection.savepoint_ids.pop()
            self._undo()
            raise
        self._connection.savepoint_ids.pop()

    def beginning(self) -> str:
        """The statement that begins the first part, for whoever can send it together with another one."""
        self._is_clean = True
        return self._next()[0]

    @property
    def callbacks(self) -> list[Any]:
        """What is to be done after the commit, as Django keeps it."""
        callbacks: list[Any] = self._connection.run_on_commit
        return callbacks

    def _begin(self) -> None:
        statements = self._next()
        for statement in ["; ".join(statements)] if self._connection.vendor == "postgresql" else statements:
            self._cursor.execute(statement)

    @cached_property
    def _cursor(self) -> Any:
        """One for all: making it takes as long as what it sends."""
        return self._connection.cursor()

    def _next(self) -> list[str]:
        current, before = self._connection, self._savepoint
        current.savepoint_state += 1
        self._savepoint = f"part_{current.savepoint_state}"
        create = current.ops.savepoint_create_sql(self._savepoint)
        return [current.ops.savepoint_commit_sql(before), create] if before else [create]

    def _undo(self) -> None:
        self._connection.needs_rollback = False
        try:
            self._connection.savepoint_rollback(self._savepoint)
            self._is_clean = True
        except Error:
            self._connection.needs_rollback = True


def _swallowed() -> transaction.TransactionManagementError:
    return transaction.TransactionManagementError(
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
