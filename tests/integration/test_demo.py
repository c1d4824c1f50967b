"""`make demo` serves the example until it is stopped, leaves nothing behind, and says what went wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Event
from urllib.request import urlopen

import pytest

from example_project import demo
from tests.browser.ports import free_port
from tests.browser.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
SLEEP = "import time; time.sleep(600)"
STUBBORN = f"""
import pathlib, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}])
pathlib.Path({{ready!r}}).touch()
child.wait()
"""


class Demo:
    """The command as a user starts it, on a port and a database of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.log = folder / "log"
        environ = {
            "PORT": str(port),
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "STATIC_ROOT": str(folder / "static"),
            "SECRET_KEY": "only for this test",
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "example_project.demo"],
                cwd=ROOT,
                env=os.environ | environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def said(self, words: str) -> bool:
        return words in self.log.read_text()

    def has_greeted(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.said("Ctrl-C stops it.")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_stopped(tmp_path, signum):
    """It migrates, seeds, serves and greets; Ctrl-C and SIGTERM end it and both servers in good order."""
    port = free_port()
    running = Demo(tmp_path, port)
    try:
        wait_until(running.has_greeted, because="the demo greets", timeout=60)
        with urlopen(f"http://127.0.0.1:{port}/") as page:
            assert page.url == f"http://127.0.0.1:{port}/accounts/login/?next=/posts/"
        running.process.send_signal(signum)

        assert running.process.wait(60) == 0
    finally:
        running.process.terminate()
        running.process.wait(60)
    assert running.said(f"http://127.0.0.1:{port}/admin/")
    assert running.said("Created demo/demo")
    assert not demo.answers(port)


def test_busy_port(tmp_path):
    """A port that is taken is one sentence, which names a way out."""
    with socket.create_server((demo.HOST, 0)) as taken:
        port = taken.getsockname()[1]
        running = Demo(tmp_path, port)

        assert running.process.wait(60) == 1
    sentence = f"Port {port} cannot be used: Address already in use. Choose another one: PORT={port + 1} make demo\n"
    assert running.log.read_text() == sentence


def test_server_that_ends():
    """If one of the two ends by itself, that is the end of the demo, and an error."""
    servers = {"worker": demo.start("-c", SLEEP), "web server": demo.start("-c", "raise SystemExit(3)")}
    try:
        verdict = demo.watch(servers, free_port(), Event())
    finally:
        demo.stop(*servers.values())

    assert verdict == "The web server ended by itself with status 3."


def test_stop_ends_descendants(monkeypatch, tmp_path):
    """What does not end when asked is killed, together with the processes it has started."""
    monkeypatch.setattr(demo, "GRACE_SECONDS", 0.1)
    ready = tmp_path / "ready"
    server = demo.start("-c", STUBBORN.format(ready=str(ready)))
    wait_until(ready.exists, because="the stubborn process has a child")

    demo.stop(server)

    wait_until(lambda: not group_exists(server.pid), because="the whole group is gone")


def group_exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
