"""The example served for real by one command: a migrated database with users, the web server and the worker.

`python -m example_project.demo` runs until Ctrl-C or SIGTERM, and fails if one of the two servers ends by itself.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from threading import Event
from types import FrameType

import django
from django.core.management import call_command
from django.db import connections

HOST = "127.0.0.1"
GRACE_SECONDS = 15

GREETING = """
    the example    {url}
    the admin      {url}admin/

    users          demo/demo, second/second, and admin/admin for the admin

    Ctrl-C stops it.
"""


def main() -> str | int:
    """Run the demo; what went wrong, or 0, for `sys.exit`."""
    port = int(os.environ.get("PORT") or 8000)
    if fault := fault_of(port):
        return f"Port {port} cannot be used: {fault}. Choose another one: PORT={port + 1} make demo"
    stopping = stop_on_signals()
    prepare()
    servers = {"worker": start_worker(), "web server": start_web(port)}
    try:
        return watch(servers, port, stopping)
    finally:
        stop(*servers.values())


def fault_of(port: int) -> str | None:
    """Why nothing can listen on it."""
    # Asked here because the web server would share the port with another one of its kind (SO_REUSEPORT).
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return os.strerror(error.errno or 0)
    return None


def stop_on_signals() -> Event:
    """An event that is set by Ctrl-C, by SIGTERM and by the closing of the terminal."""
    stopping = Event()

    def stop_soon(signum: int, frame: FrameType | None) -> None:
        stopping.set()

    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, stop_soon)
    return stopping


def prepare() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "example_project.settings"
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("seed_demo")
    connections.close_all()


def start_web(port: int) -> subprocess.Popen[bytes]:
    where = ["--host", HOST, "--port", str(port), "--interface", "wsgi", "--blocking-threads", "4"]
    return start("-m", "granian", *where, "--log-level", "warning", "example_project.wsgi:application")


def start_worker() -> subprocess.Popen[bytes]:
    return start("manage.py", "qcluster")


def start(*arguments: str) -> subprocess.Popen[bytes]:
    # A session of its own keeps Ctrl-C from reaching it twice, and makes its own children findable as a group.
    return subprocess.Popen([sys.executable, *arguments], start_new_session=True)


def watch(servers: dict[str, subprocess.Popen[bytes]], port: int, stopping: Event) -> str | int:
    """Greet once the web server answers, then wait for the end."""
    parent, greeted = os.getppid(), False
    while not stopping.wait(0.2) and os.getppid() == parent:
        for name, server in servers.items():
            if server.poll() is not None:
                return f"The {name} ended by itself with status {server.returncode}."
        if not greeted and answers(port):
            print(GREETING.format(url=f"http://{HOST}:{port}/"), flush=True)
            greeted = True
    return 0


def answers(port: int) -> bool:
    with suppress(OSError), closing(socket.create_connection((HOST, port), timeout=1)):
        return True
    return False


def stop(*servers: subprocess.Popen[bytes]) -> None:
    """Ask both at once, and end what is left of them afterwards."""
    for server in servers:
        server.terminate()
    for server in servers:
        with suppress(subprocess.TimeoutExpired):
            server.wait(GRACE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
