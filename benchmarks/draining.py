"""Draining a full outbox and writing to it, in Chromium, side by side in one run: ours and Workbox 7's Queue.

python -m benchmarks.draining postgres://user@127.0.0.1/name     (a database of its own; its tables are dropped)
python -m benchmarks.draining                                     (SQLite in a temporary directory)
... --small                                                       (a few items: shows that it still runs)
... --enqueue                                                     (only what writing one item takes, in a minute)
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import load
from benchmarks.receiving import prepare
from tests.browser.chromium import ensure
from tests.browser.faults import delay
from tests.browser.proxy import Proxy

NPM = Path(__file__).parent / "browser"
LATENCIES = (0, 50, 200)
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", nargs="?", default="")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--enqueue", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        os.environ["DATABASE_URL"] = arguments.database or f"sqlite:///{directory}/site.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.site.settings"
        os.environ["BGSYNC_BENCH_WORKBOX"] = build(directory)
        session, csrf = prepare()
        with load.served({}) as port, chromium() as browser:
            for latency in () if arguments.enqueue else LATENCIES:
                with distant(port, latency) as near, visited(browser, near, session, csrf) as page:
                    drain(page, latency, csrf, small=arguments.small)
            with visited(browser, port, session, csrf) as page:
                write(page, 20 if arguments.small else 200)


def drain(page: Page, latency: int, csrf: str, *, small: bool) -> None:
    """Print what both take. Workbox sends one item after another: where that takes long, fewer are measured."""
    count = 100 if small else 1000
    theirs = count if latency < 50 else count // 10
    headers = {"Content-Type": "application/json", "X-CSRFToken": csrf}
    rounds = 1 if small else ROUNDS
    ours = statistics.median(run(page, "drainOurs", count, "many") for _ in range(rounds))
    workbox = run(page, "drainWorkbox", theirs, headers) * count / theirs
    note = "" if theirs == count else f" ({theirs} items measured)"
    target = {0: ", target 20", 50: ", target 80"}.get(latency, "")
    print(f"drain {count} at {latency:3} ms: ours {ours:7,.0f} ms, workbox {workbox:9,.0f} ms{note}: ", end="")
    print(f"{workbox / ours:.0f} times as fast{target}", flush=True)


def write(page: Page, count: int) -> None:
    figures = page.evaluate("([count, tag]) => enqueueBesidePut(count, tag)", [count, "many"])
    enqueue, put = (statistics.median(figures[name]) for name in ("enqueue", "put"))
    print(f"enqueue: {enqueue:.2f} ms, bare put {put:.2f} ms, medians of {count}: {enqueue / put:.2f} (target 1.5)")


def run(page: Page, name: str, count: int, argument: Any) -> float:
    """Milliseconds."""
    figures = page.evaluate(f"([count, argument]) => {name}(count, argument)", [count, argument])
    if figures["pending"] != count:
        raise RuntimeError(f"{name}: {figures['pending']} of {count} items were waiting")
    return float(figures["milliseconds"])


def build(directory: str) -> str:
    """The peer's worker, bundled. Returns its path."""
    if not (NPM / "node_modules").exists():
        subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=NPM, check=True)
    bundled = subprocess.run(["npm", "run", "--silent", "build"], cwd=NPM, check=True, capture_output=True)
    path = Path(directory) / "workbox.js"
    path.write_bytes(bundled.stdout)
    return str(path)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=ensure())
        yield browser
        browser.close()


@contextmanager
def distant(port: int, latency: int) -> Iterator[int]:
    """A port from which the site is so many milliseconds further away; the site's own for none."""
    if not latency:
        yield port
        return
    proxy = Proxy(port, keep_alive=True)
    for method in ("GET", "POST"):
        proxy.on(method, "/", delay(latency / 1000))
    proxy.start()
    try:
        yield proxy.port
    finally:
        proxy.stop()


@contextmanager
def visited(browser: Browser, port: int, session: str, csrf: str) -> Iterator[Page]:
    """The page of a user who is signed in, with Workbox's worker beside it."""
    url = f"http://127.0.0.1:{port}"
    context = browser.new_context()
    context.add_cookies(
        [{"name": "sessionid", "value": session, "url": url}, {"name": "csrftoken", "value": csrf, "url": url}]
    )
    page = context.new_page()
    page.goto(f"{url}/page/")
    page.evaluate(
        "navigator.serviceWorker.register('/workbox.js').then(() => navigator.serviceWorker.ready).then(() => 0)"
    )
    yield page
    context.close()


if __name__ == "__main__":
    main()
