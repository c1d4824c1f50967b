"""WebKitGTK's MiniBrowser over WebDriver (https://www.w3.org/TR/webdriver2/), spoken by selenium."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import urllib3
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.file_detector import UselessFileDetector
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.webkitgtk.service import Service

from tests.browser.waiting import wait_until

from .display import Display
from .page import Browser, Page

PATIENCE = 60  # seconds for one command
START_PATIENCE = 20  # for the first one, which the driver sometimes never answers: then another one is started
STARTS = 3

# Through JSON, as in the other engines: WebDriver's own serialisation knows elements and windows, and no undefined.
EVALUATE = """
const done = arguments[0];
(async () => JSON.stringify((await (%s)) ?? null))().then(
    (value) => done({value}), (error) => done({error: String(error)}));
"""
PRETEND = """(() => {
    Object.defineProperty(navigator, "onLine", {value: %s, configurable: true});
    dispatchEvent(new Event("%s"));
})()"""


class WebKit(Browser):
    name = "webkit"

    def __init__(self, driver: str, executable: str, directory: Path, *, names_at: str = "") -> None:
        """`names_at` is the host and port of a proxy that is asked for whatever is not 127.0.0.1."""
        super().__init__()
        self._driver = driver
        self._executable = executable
        self._log = directory / "webkit.log"
        self._names_at = names_at
        self.session: webdriver.Remote | None = None

    def start(self) -> None:
        for _ in range(STARTS - 1):
            with contextlib.suppress(urllib3.exceptions.TimeoutError):
                return self._start()
        self._start()

    def _start(self) -> None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._display = Display()
        self._service = Service(
            self._driver,
            log_output=str(self._log),
            env=self._display.environment,
            popen_kw={"start_new_session": True},  # the browser dies with its driver, by process group
        )
        self._service.start()
        try:
            client = ClientConfig(self._service.service_url, timeout=START_PATIENCE)
            self.session = webdriver.Remote(RemoteConnection(client_config=client), options=self._options())
            client.timeout = PATIENCE
            self.session.set_script_timeout(PATIENCE)
            self.session.file_detector = UselessFileDetector()  # the driver runs where the files are
        except BaseException:
            self._kill()
            raise

    def _options(self) -> webdriver.WebKitGTKOptions:
        options = webdriver.WebKitGTKOptions()
        options.binary_location = self._executable
        options.add_argument("--automation")
        if self._names_at:
            proxy = {"proxyType": "manual", "httpProxy": self._names_at, "noProxy": ["127.0.0.1"]}
            options.set_capability("proxy", proxy)
        return options

    def new_page(self) -> WebKitPage:
        assert self.session is not None
        self.session.switch_to.new_window("window")  # a tab would be hidden, and seen again at each look at it
        return WebKitPage(self.session, self.session.current_window_handle)

    def quit(self) -> None:
        if self.session:
            self.session.quit()
            self._kill()

    def kill(self) -> None:
        if self.session:
            self._kill()

    def _kill(self) -> None:
        os.killpg(self._service.process.pid, signal.SIGKILL)
        self._service.process.wait(20)
        with contextlib.suppress(OSError):
            self._service.stop()
        self._display.close()
        self.session = None


class WebKitPage(Page):
    def __init__(self, session: webdriver.Remote, window: str) -> None:
        self._session = session
        self._window = window

    def evaluate(self, expression: str) -> Any:
        answer = self._run(EVALUATE % expression)
        if "error" in answer:
            raise AssertionError(f"{expression}: {answer['error']}")
        return json.loads(answer["value"])

    def navigate(self, url: str) -> None:
        self._run(f"arguments[0]({{}}); location.href = {json.dumps(url)};")

    def choose(self, selector: str, path: Path) -> None:
        self._focus()
        self._session.find_element(By.CSS_SELECTOR, selector).send_keys(str(path))

    def close_now(self) -> None:
        self._focus()
        self._session.close()
        wait_until(lambda: self._window not in self._session.window_handles, because="the window is closed")
        self._session.switch_to.window(self._session.window_handles[0])  # there is the one it started with

    def set_offline(self, is_offline: bool) -> None:
        self.evaluate(PRETEND % (("false", "offline") if is_offline else ("true", "online")))

    def _run(self, script: str) -> Any:
        self._focus()
        try:
            return self._session.execute_async_script(script)
        except WebDriverException as error:
            raise AssertionError(f"{script}: {error.msg}") from error

    def _focus(self) -> None:
        self._session.switch_to.window(self._window)
