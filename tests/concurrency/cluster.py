"""A real qcluster, and the processes around it, on the database of the test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import connection

from django_bgsync.models import SyncItem
from tests.browser.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
DJANGO_Q = "django_bgsync.runners.django_q.DjangoQRunner"
PATIENCE = 60  # seconds; two busy cores may have to share them


class Site:
    """What the processes of one site have in common; each is gone at the end of the `with`."""

    def __init__(self, folder: Path, broker_url: str = "", runner: str = DJANGO_Q) -> None:
        self.folder = folder
        self.broker_url = broker_url
        self.environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.concurrency.cluster_settings",
            "DATABASE_URL": database_url(),
            "SECRET_KEY": "the key that items are delivered with",
            "CLUSTER": f"bgsync-{uuid4().hex}",
            "BROKER_URL": broker_url,
            "RUNNER": runner,
        }
        self.processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self.processes:
            kill(process)
        for log in self.folder.glob("*.log"):
            print(log.read_text(errors="replace"))  # pytest shows it if the test fails

    def start_cluster(self, **environ: str) -> subprocess.Popen[str]:
        """A qcluster of two workers, ready."""
        log = self.folder / f"cluster-{len(self.processes)}.log"
        process = self.start("manage.py", "qcluster", log=log, **environ)

        def runs() -> bool:
            assert process.poll() is None, log.read_text()
            return "running." in log.read_text()

        wait_for(runs, because="the qcluster runs")
        return process

    def start_sweep(self) -> subprocess.Popen[str]:
        return self.start("manage.py", "bgsync_sweep", log=self.folder / f"sweep-{len(self.processes)}.log")

    def sweep(self) -> None:
        """One pass of the sweeper, as cron runs it."""
        assert self.start_sweep().wait(PATIENCE) == 0

    def start_delivery(self, *items: dict[str, Any], each: bool = False) -> subprocess.Popen[str]:
        letter = self.folder / f"items-{len(self.processes)}.json"
        letter.write_text(json.dumps(items))
        with letter.open() as text:
            arguments = ["-m", "tests.concurrency.deliver", *(["--each"] if each else [])]
            log = self.folder / f"delivery-{len(self.processes)}.log"
            return self.start(*arguments, log=log, stdin=text)

    def deliver(self, *items: dict[str, Any], each: bool = False) -> None:
        assert self.start_delivery(*items, each=each).wait(PATIENCE) == 0

    def start(self, *arguments: str, log: Path, stdin: Any = None, **environ: str) -> subprocess.Popen[str]:
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environ | environ,
                stdin=stdin,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # so that its children end with it
            )
        self.processes.append(process)
        return process


def kill(process: subprocess.Popen[str]) -> None:
    """End it and all its children, wherever they are."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def database_url() -> str:
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def states(items: list[dict[str, Any]]) -> list[str]:
    rows = dict(SyncItem.objects.filter(item_id__in=[item["id"] for item in items]).values_list("item_id", "state"))
    return sorted(rows.values())


def wait_for(condition: Callable[[], object], because: str) -> None:
    wait_until(condition, because=because, timeout=PATIENCE)


def wait_applied(items: list[dict[str, Any]]) -> None:
    wait_for(lambda: states(items) == ["applied"] * len(items), because="all items are applied")
