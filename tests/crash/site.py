"""A site whose processes are killed at named points, and what is left of them in the database."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.utils import timezone

from django_bgsync.models import SyncItem
from tests.browser.ports import free_port
from tests.concurrency.cluster import PATIENCE, Site, kill, wait_for
from tests.crash import orders
from tests.deliveries import DELIVERIES, LONG_AGO, effects_of, history_of, make_item, row_of

MAKE_ADA = "from django.contrib.auth import get_user_model as model; model().objects.create_user('ada')"
GRANIAN = ("--interface", "wsgi", "--host", "127.0.0.1", "--blocking-threads", "2")


class CrashSite(Site):
    """A real web server, workers and sweepers. What it delivers, ada delivers."""

    def __init__(self, folder: Path, *, database_url: str = "") -> None:
        """On the database of the test, or on another one."""
        super().__init__(folder, runner="tests.crash.runner.DistantRunner")
        if database_url:
            self.environ["DATABASE_URL"] = database_url
        self.environ |= {"DJANGO_SETTINGS_MODULE": "tests.crash.settings", orders.FOLDER: str(folder)}
        self.port = free_port()
        self.client = {"id": str(uuid4())}
        self.web: subprocess.Popen[str] | None = None

    def prepare(self) -> None:
        """Make the tables, and ada, in a database that is not the test's."""
        for number, arguments in enumerate([("migrate", "--run-syncdb"), ("shell", "-c", MAKE_ADA)]):
            process = self.start("manage.py", *arguments, log=self.folder / f"manage-{number}.log")
            assert process.wait(PATIENCE) == 0

    def stop(self) -> None:
        """End the web server."""
        assert self.web is not None
        kill(self.web)
        self.web = None

    def serve(self) -> None:
        """Have a web server. It ends with its worker process, as if a supervisor took note."""
        if self.web is None:
            arguments = ["-m", "granian", *GRANIAN, "--port", str(self.port), "tests.crash.wsgi:application"]
            self.web = self.start(*arguments, log=self.folder / f"web-{len(self.processes)}.log")
            wait_for(self._answers, because="the site answers")

    def deliver(self, *items: dict[str, Any], **members: Any) -> requests.Response:  # type: ignore[override]
        """One delivery over HTTP. Raises ConnectionError if the process dies of it."""
        self.serve()
        envelope = {"protocol": 1, "client": self.client, "items": items, **members}
        headers = {"Authorization": "Name ada"}
        return requests.post(self._url(DELIVERIES), json=envelope, headers=headers, timeout=PATIENCE)

    def replay(self, *items: dict[str, Any]) -> list[dict[str, Any]]:
        """Deliver again; the results."""
        again = [{**item, "send_count": 2} for item in items]
        response = self.deliver(*again)
        assert response.status_code == 200, response.text
        return response.json()["results"]

    def crash(self, milestone: str, visit: int, *items: dict[str, Any]) -> None:
        """Deliver items to a web process that is killed at that visit of the milestone."""
        orders.give(self.folder, milestone, visit)
        self.die_of(*items)
        assert not orders.is_open(self.folder)

    def die_of(self, *items: dict[str, Any]) -> None:
        """Deliver items of which the web process dies."""
        with pytest.raises(requests.ConnectionError):
            self.deliver(*items)
        assert self.web is not None
        self.web.wait(PATIENCE)
        self.web = None

    def crash_at_work(self, milestone: str, visit: int, who: str) -> None:
        """Let a worker or a sweeper do what is due, and die at that visit of the milestone."""
        orders.give(self.folder, milestone, visit)
        assert self.work(who) == -signal.SIGKILL
        assert not orders.is_open(self.folder)

    def work(self, who: str = "sweeper") -> int:
        """One pass; how it ended."""
        process = self.start("-m", "tests.crash.work", who, log=self.folder / f"{who}-{len(self.processes)}.log")
        try:
            return process.wait(PATIENCE)
        finally:
            self.processes.remove(process)

    def sweep(self) -> None:
        assert self.work() == 0

    def _answers(self) -> bool:
        try:
            return requests.get(self._url("/bgsync/v1/session/"), timeout=PATIENCE).status_code == 200
        except requests.ConnectionError:
            return False

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def brittle(number: int = 3, tag: str = "brittle") -> list[dict[str, Any]]:
    return [make_item(tag, {"n": position}) for position in range(number)]


def let_time_pass() -> None:
    """Whoever worked on anything has been silent for long. Waits for the locks of a process that is just ending."""
    SyncItem.objects.filter(claimed_at__isnull=False).update(claimed_at=timezone.now() - LONG_AGO)


def story(item: dict[str, Any]) -> tuple[int, int, list[str]]:
    """Effects, attempts, and how each attempt ended, first to last without a gap."""
    history = history_of(item)
    assert [number for number, *_ in history] == list(range(1, len(history) + 1))
    return effects_of(item), row_of(item).attempts, [outcome for _, _, outcome, _ in history]
