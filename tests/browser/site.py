"""The example project, served for real by a process of its own."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from .ports import free_port
from .switches import INSECURE_HOST
from .waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
GRANIAN = ("--interface", "wsgi", "--host", "127.0.0.1", "--blocking-threads", "4")


@dataclass(frozen=True)
class Installation:
    """What every site of a test run starts from: collected static files and a database with the demo users."""

    directory: Path

    @property
    def database(self) -> Path:
        return self.directory / "seeded.sqlite3"

    def make(self) -> None:
        for command in ("migrate", "seed_demo", "collectstatic --no-input"):
            subprocess.run(
                [sys.executable, "manage.py", *command.split(), "--verbosity=0"],
                cwd=ROOT,
                env=self.environment(self.database),
                check=True,
            )

    def environment(self, database: Path) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.browser.plain_settings",
            "DATABASE_URL": f"sqlite:///{database}",
            "STATIC_ROOT": str(self.directory / "static"),
            "SECRET_KEY": "only-for-tests-" * 4,
            "ALLOWED_HOSTS": f"127.0.0.1,{INSECURE_HOST}",
            "DEBUG": "0",
        }


class Site:
    """One port and one SQLite file; the server process on them comes and goes.

    As a context manager it runs, is gone in the end, and prints what it had to say, which pytest
    shows if the test fails.
    """

    application = "example_project.wsgi:application"
    prefix = ""
    """The path of the server below which it lies."""

    def __init__(self, directory: Path, installation: Installation, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}{self.prefix}"
        self.database = directory / "site.sqlite3"
        self._log = directory / "site.log"
        self.files = directory / "files"
        self._environment = installation.environment(self.database) | {"FILES_ROOT": str(self.files)} | settings
        self._process: subprocess.Popen[bytes] | None = None
        self._seeded = installation.database
        shutil.copyfile(self._seeded, self.database)

    def __enter__(self) -> Site:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()
        print(self.said())

    def forget(self) -> None:
        """Be as new: running, with nothing but the demo users in the database and nothing in the log."""
        if self._process is None:
            self.start()
        self._log.write_bytes(b"")
        with closing(sqlite3.connect(self._seeded)) as seeded, closing(self._connect()) as present:
            seeded.backup(present)

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def start(self) -> None:
        """Return when the site answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "granian",
                    *GRANIAN,
                    "--port",
                    str(self.port),
                    self.application,
                ],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # its workers die with it, by process group
            )
        wait_until(self._answers, because=f"the site on port {self.port} answers", timeout=60)

    def stop(self) -> None:
        """Shut down as a deployment does: running requests are finished."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Be gone at once, workers included."""
        self._end(signal.SIGKILL)

    def change(self, **settings: str) -> None:
        """Set environment variables for the next start."""
        self._environment |= settings

    def share(self, other: Site) -> None:
        """Use the other one's database and files from the next start on, as a second server does."""
        self.database, self.files = other.database, other.files
        self.change(DATABASE_URL=f"sqlite:///{other.database}", FILES_ROOT=str(other.files))

    def restart(self) -> None:
        self.stop()
        self.start()

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """The rows of an SQL query on the site's database, as committed now."""
        with closing(self._connect()) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, parameters)]

    def posts(self) -> list[tuple[str, str]]:
        """Author and text of every post, sorted."""
        query = "SELECT username, text FROM posts_post JOIN auth_user ON auth_user.id = author_id ORDER BY 1, 2"
        return [(row["username"], row["text"]) for row in self.rows(query)]

    def texts(self) -> list[str]:
        """The text of every post, in the order in which they were published."""
        return [row["text"] for row in self.rows("SELECT text FROM posts_post ORDER BY rowid")]

    def items(self) -> list[dict[str, Any]]:
        """Every item that the server has a receipt of."""
        return self.rows("SELECT * FROM django_bgsync_syncitem ORDER BY received_at")

    def attempts(self) -> list[dict[str, Any]]:
        """Every attempt, with the trigger and context of the delivery that made it."""
        return self.rows(
            "SELECT attempt.*, delivery.context, delivery.sync_tag FROM django_bgsync_deliveryattempt AS attempt "
            "LEFT JOIN django_bgsync_delivery AS delivery ON delivery.id = delivery_id ORDER BY started_at"
        )

    def execute(self, statement: str, *parameters: Any) -> None:
        """Change the site's database behind its back, as an operator's maintenance would."""
        with closing(self._connect()) as connection, connection:
            connection.execute(statement, parameters)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.database, timeout=10)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"the site ended with code {self._process.returncode}")
        try:
            answer = requests.get(f"{self.url}/accounts/login/", timeout=10)
        except requests.ConnectionError:
            return False
        assert answer.ok, f"{answer.status_code} from the login page"
        return True

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        os.killpg(self._process.pid, how)
        self._process.wait(20)
        self._process = None
