"""Firefox over WebDriver BiDi (https://w3c.github.io/webdriver-bidi/), which it speaks without a driver program."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import websocket

from tests.browser.switches import INSECURE_HOST
from tests.browser.waiting import wait_until

from .page import Browser, Page

Message = dict[str, Any]

ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
PREFERENCES = {
    "network.dns.localDomains": INSECURE_HOST,
    "browser.sessionstore.resume_from_crash": False,  # after a kill our own pages come back, nothing else
    "toolkit.startup.max_resumed_crashes": -1,
    "app.normandy.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}


class Firefox(Browser):
    name = "firefox"

    def __init__(self, executable: str, profile: Path) -> None:
        super().__init__()
        self.profile = profile
        self._executable = executable
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.profile.mkdir(parents=True, exist_ok=True)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (self.profile / "user.js").write_text("\n".join(lines))
        log = self.profile / "stderr.log"
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [
                    self._executable,
                    *("--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(self.profile)),
                ],
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,  # content processes die with it, by process group
            )
        address = wait_until(lambda: ADDRESS.search(log.read_text()), because="Firefox listens", timeout=60)
        self._ids = itertools.count(1)
        self._socket = websocket.create_connection(f"{address[1]}/session", timeout=60, suppress_origin=True)
        self.send("session.new", capabilities={})

    def new_page(self) -> FirefoxPage:
        return FirefoxPage(self, self.send("browsingContext.create", type="tab")["context"])

    def quit(self) -> None:
        if self._process:
            with contextlib.suppress(websocket.WebSocketException, OSError):
                self.send("browser.close")
            self._reap()

    def kill(self) -> None:
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._reap()

    def send(self, method: str, **params: Any) -> Message:
        """Run a command of WebDriver BiDi and return its result."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (message := json.loads(self._socket.recv())).get("id") != number:
            pass  # an event
        if message["type"] == "error":
            raise AssertionError(f"{method}: {message['error']}: {message['message']}")
        return message["result"]

    def _reap(self) -> None:
        assert self._process is not None
        self._process.wait(30)
        self._process = None
        self._socket.close()


class FirefoxPage(Page):
    def __init__(self, browser: Firefox, context: str) -> None:
        self._browser = browser
        self._context = context

    def evaluate(self, expression: str) -> Any:
        # As JSON: the protocol's own serialisation of values is meant for debuggers.
        answer = self._browser.send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] == "exception":
            raise AssertionError(f"{expression}: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"]["value"])

    def navigate(self, url: str) -> None:
        self._browser.send("browsingContext.navigate", context=self._context, url=url, wait="none")

    def choose(self, selector: str, path: Path) -> None:
        control = self._browser.send(
            "script.evaluate",
            expression=f"document.querySelector({json.dumps(selector)})",
            target={"context": self._context},
            awaitPromise=False,
        )["result"]
        element = {"sharedId": control["sharedId"]}
        self._browser.send("input.setFiles", context=self._context, element=element, files=[str(path)])

    def close_now(self) -> None:
        self._browser.send("browsingContext.close", context=self._context)

    def set_offline(self, is_offline: bool) -> None:
        conditions = {"type": "offline"} if is_offline else None
        self._browser.send("emulation.setNetworkConditions", networkConditions=conditions, contexts=[self._context])
