"""Chromium over its debugging pipe, with DevTools attached to pages and to nothing else.

Playwright attaches to service workers too, and an attached worker is never stopped for taking too
long or for being idle. Here workers live and die as they do for users. The browser is a process
with a profile on disk, which can be killed and started again.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import select
import signal
import time
from pathlib import Path
from typing import Any

from tests.browser.switches import switches
from tests.browser.waiting import wait_until

from .page import Browser, Page

Message = dict[str, Any]


class Chromium(Browser):
    name = "chromium"

    def __init__(self, executable: str, profile: Path, *, attempts: int = 100) -> None:
        """It calls a worker `attempts` times for one sync."""
        super().__init__()
        self.profile = profile
        self._executable = executable
        self._switches = switches(attempts=attempts)
        self._pid: int | None = None
        self.events: list[Message] = []
        """What DevTools have reported, as far as it was read: with the answer to the next command."""

    def start(self) -> None:
        commands, self._write = _high_pipe()
        self._read, answers = _high_pipe()
        arguments = ["--headless", "--remote-debugging-pipe", f"--user-data-dir={self.profile}"]
        self._pid = os.posix_spawn(
            self._executable,
            [self._executable, *arguments, *self._switches, "about:blank"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, commands, 3),  # Chromium reads commands from 3
                (os.POSIX_SPAWN_DUP2, answers, 4),  # and writes answers to 4
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
            ],
            setsid=True,  # renderers and all die with it, by process group
        )
        os.close(commands)
        os.close(answers)
        self._ids = itertools.count(1)
        self._buffer = b""

    def new_page(self) -> Tab:
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Tab(self, target, session)

    def send(self, method: str, *, session: str | None = None, **params: Any) -> Message:
        """Run a command of the DevTools protocol and return its result."""
        number = next(self._ids)
        command = {"id": number, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        os.write(self._write, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + 30
        while (message := self._receive(deadline)).get("id") != number:
            self.events.append(message)
        if "error" in message:
            raise AssertionError(f"{method}: {message['error']}")
        return message["result"]

    def quit(self) -> None:
        if self._pid is not None:
            with contextlib.suppress(EOFError):
                self.send("Browser.close")
            self._reap()

    def kill(self) -> None:
        if self._pid is not None:
            os.killpg(self._pid, signal.SIGKILL)
            self._reap()

    def _reap(self) -> None:
        assert self._pid is not None
        os.waitpid(self._pid, 0)
        self._pid = None
        os.close(self._read)
        os.close(self._write)

    def _receive(self, deadline: float) -> Message:
        while b"\0" not in self._buffer:
            if not select.select([self._read], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError("Chromium did not answer within 30 s")
            if not (data := os.read(self._read, 1 << 20)):
                raise EOFError("Chromium has closed the debugging pipe")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)


class Tab(Page):
    def __init__(self, browser: Chromium, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session

    def send(self, method: str, **params: Any) -> Message:
        return self._browser.send(method, session=self._session, **params)

    def evaluate(self, expression: str) -> Any:
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def navigate(self, url: str) -> None:
        self.send("Page.navigate", url=url)

    def choose(self, selector: str, path: Path) -> None:
        control = self.send("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")["result"]
        self.send("DOM.setFileInputFiles", files=[str(path)], objectId=control["objectId"])

    def set_offline(self, is_offline: bool) -> None:
        self.send("Network.enable")
        unlimited = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.send("Network.emulateNetworkConditions", offline=is_offline, **unlimited)

    def stop_workers(self) -> None:
        """Stop every service worker of the profile in the middle of whatever it is doing."""
        self.send("ServiceWorker.enable")
        self.send("ServiceWorker.stopAllWorkers")

    def close_now(self) -> None:
        self._browser.send("Target.closeTarget", targetId=self._target)
        wait_until(self._is_gone, because="the tab is closed")

    def _is_gone(self) -> bool:
        targets = self._browser.send("Target.getTargets")["targetInfos"]
        return all(target["targetId"] != self._target for target in targets)


def _high_pipe() -> tuple[int, int]:
    """A pipe whose ends do not collide with the numbers 3 and 4 when they are duplicated there."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return high[0], high[1]
