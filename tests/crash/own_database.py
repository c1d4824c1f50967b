"""Databases of a test's own: a PostgreSQL server that may be stopped, an SQLite file that may be replaced."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.browser.ports import free_port

INSTALLED = Path("/usr/lib/postgresql")  # Debian keeps the programs of each version here, outside of PATH


def program(name: str) -> str | None:
    """Where a program of the server is, of the newest version that is installed; None without one."""
    versions = sorted(INSTALLED.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    return shutil.which(name) or (str(versions[-1]) if versions else None)


class OwnDatabase:
    """Where a site keeps its rows; nothing is left of it at the end of the `with`."""

    url: str

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bgsync-database-"))

    def __enter__(self) -> OwnDatabase:
        return self

    def __exit__(self, *exception: object) -> None:
        shutil.rmtree(self.folder)

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """The rows that a statement gives, or none. Parameters are `%s`, uuids written without hyphens."""
        raise NotImplementedError

    def backup(self) -> None:
        """Keep what is committed now."""
        raise NotImplementedError

    def restore(self) -> None:
        """Have what `backup` kept, and nothing of later. Nobody may be connected."""
        raise NotImplementedError

    def story(self, item: dict[str, Any]) -> tuple[str | None, int, list[str]]:
        """The state of an item (None without a row), its effects, and how each attempt ended."""
        number = UUID(item["id"]).hex
        [(effects,)] = self.query("SELECT count(*) FROM tests_app_effect WHERE item = %s", number)
        rows = self.query("SELECT id, state FROM django_bgsync_syncitem WHERE item_id = %s", number)
        if not rows:
            return None, effects, []
        tries = "SELECT outcome FROM django_bgsync_deliveryattempt WHERE item_id = %s ORDER BY number"
        return rows[0][1], effects, [outcome for (outcome,) in self.query(tries, rows[0][0])]


class OwnSQLite(OwnDatabase):
    def __init__(self) -> None:
        super().__init__()
        self.file = self.folder / "site.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.file)
        try:
            with connection:
                return connection.execute(statement.replace("%s", "?"), parameters).fetchall()
        finally:
            connection.close()

    def backup(self) -> None:
        self.query("VACUUM INTO %s", str(self.folder / "backup"))

    def restore(self) -> None:
        for journal in self.folder.glob(f"{self.file.name}-*"):
            journal.unlink()
        shutil.copy(self.folder / "backup", self.file)


class OwnPostgres(OwnDatabase):
    """A new cluster of databases on a port of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.url = f"postgres://bgsync@127.0.0.1:{self.port}/postgres"
        # initdb and the server refuse to run as root.
        self.account: dict[str, Any] = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}

    def __enter__(self) -> OwnPostgres:
        if self.account:
            shutil.chown(self.folder, **self.account)
        self._run("initdb", "--auth=trust", "--username=bgsync", "--encoding=UTF8", "--no-locale")
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        super().__exit__(*exception)

    def start(self) -> None:
        """Returns when it takes connections."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "--wait", f"--options={options}", f"--log={self.folder}/log", "start")

    def stop(self) -> None:
        """At once, as if the power failed: what is not committed is gone, and every connection with it."""
        self._run("pg_ctl", "--wait", "--mode=immediate", "stop")

    def query(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        import psycopg

        with psycopg.connect(self.url) as connection:
            cursor = connection.execute(statement, parameters)  # type: ignore[arg-type]  # no LiteralString
            return cursor.fetchall() if cursor.description else []

    def backup(self) -> None:
        self._copy("data", "backup")

    def restore(self) -> None:
        self._copy("backup", "data")

    def _copy(self, source: str, target: str) -> None:
        """The folder of a server that stands still."""
        self.stop()
        shutil.rmtree(self.folder / target, ignore_errors=True)
        # With `cp`, as the server's user: what it does not own it does not open.
        subprocess.run(["cp", "-a", source, target], cwd=self.folder, check=True, **self.account)  # noqa: S607
        self.start()

    def _run(self, name: str, *arguments: str) -> None:
        path = program(name)
        assert path is not None, f"{name} is not installed"
        command = [path, "--pgdata", str(self.folder / "data"), *arguments]
        with tempfile.TemporaryFile("w+") as output:  # not a pipe, which the server would inherit and keep open
            done = subprocess.run(
                command, cwd="/", stdout=output, stderr=subprocess.STDOUT, check=False, **self.account
            )
            output.seek(0)
            assert done.returncode == 0, output.read()
