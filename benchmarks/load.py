"""A served site and clients that load it: processes on the loopback, ended by their pid."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

CLIENT = str(uuid.uuid4())


@contextmanager
def served(environment: dict[str, str], *, threads: int = 2) -> Iterator[int]:
    """The site under gunicorn, one worker. Gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = [
        "--keep-alive=600",
        "--workers=1",
        f"--threads={threads}",
        f"--bind=127.0.0.1:{port}",
        "--log-level=error",
        "--timeout=600",
    ]
    command = [sys.executable, "-m", "gunicorn", *options, "benchmarks.site.wsgi"]
    server = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        _wait_for(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def payload(item_id: str) -> dict[str, str]:
    """About 300 bytes as JSON, of every item its own."""
    return {"text": item_id + "x" * 252}


def envelope(tag: str, ids: Sequence[str], *, send_count: int = 1) -> bytes:
    items = [{"id": each, "tag": tag, "payload": payload(each), "send_count": send_count} for each in ids]
    document = {"protocol": 1, "client": {"id": CLIENT}, "items": items}
    return json.dumps(document, separators=(",", ":")).encode()


class Sender:
    """One keep-alive connection with a session and its CSRF token."""

    def __init__(self, port: int, session: str, csrf: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        cookies = f"sessionid={session}; csrftoken={csrf}"
        self.headers = {"Content-Type": "application/json", "Cookie": cookies, "X-CSRFToken": csrf}

    def post(self, path: str, body: bytes) -> Any:
        self.connection.request("POST", path, body, self.headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {answer[:200]!r}")
        return json.loads(answer)


def rate(count: int, senders: Sequence[Sender], path: str, bodies: Sequence[bytes]) -> float:
    """Items per second for `count` items in these bodies, spread over the senders."""
    shares = [bodies[start :: len(senders)] for start in range(len(senders))]

    def send(sender: Sender, share: Sequence[bytes]) -> None:
        for body in share:
            sender.post(path, body)

    with ThreadPoolExecutor(len(senders)) as pool:
        started = time.perf_counter()
        list(pool.map(send, senders, shares))
        return count / (time.perf_counter() - started)


def timed(count: int, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("The site did not start.")
