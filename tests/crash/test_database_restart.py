"""The database is gone in the middle of a delivery, and comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.concurrency.cluster import PATIENCE, wait_for
from tests.crash.own_database import OwnPostgres
from tests.crash.site import CrashSite
from tests.deliveries import make_item, result


@pytest.fixture(scope="module")
def database() -> Iterator[OwnPostgres]:
    with OwnPostgres() as database:
        yield database


@pytest.fixture(scope="module")
def site(database: OwnPostgres, tmp_path_factory: Any) -> Iterator[CrashSite]:
    with CrashSite(tmp_path_factory.mktemp("restart"), database_url=database.url) as site:
        site.prepare()
        yield site


def gated(folder: Path, number: int) -> list[dict[str, Any]]:
    """Items the last of which waits inside its handler, after its first write, until there is a file `open`."""
    return [*(make_item("brittle") for _ in range(number - 1)), make_item("gated", str(folder))]


def deliver_and_stop(site: CrashSite, database: OwnPostgres, folder: Path, items: Any, back: bool) -> Any:
    """Stop the database while the last item is inside its handler; `back`: start it before the handler goes on."""
    with ThreadPoolExecutor(1) as pool:
        site.serve()
        delivery = pool.submit(site.deliver, *items)
        wait_for((folder / items[-1]["id"]).exists, because="the handler is inside")
        database.stop()
        try:
            if back:
                database.start()
            (folder / "open").touch()
            return delivery.result(PATIENCE)
        finally:
            (folder / "open").touch()
            if not back:
                database.start()


def let_time_pass(database: OwnPostgres) -> None:
    earlier = "claimed_at - interval '1 hour', next_at = next_at - interval '1 day'"
    database.query(f"UPDATE django_bgsync_syncitem SET claimed_at = {earlier}")  # noqa: S608 - our own words


def problem(response: requests.Response) -> tuple[int, str, str, str]:
    document = json.loads(response.text)
    headers = response.headers
    return response.status_code, headers["Content-Type"], headers["Retry-After"], document["code"]


@pytest.mark.parametrize("first", ["replay", "sweep"])
@pytest.mark.parametrize("number", [1, 3])
def test_stopped_inside_a_handler(site, database, tmp_path, number, first):
    """503 while it is gone. Then a replay and a sweep, in either order, give one effect each; one try is lost."""
    items = gated(tmp_path, number)
    response = deliver_and_stop(site, database, tmp_path, items, back=False)
    assert problem(response) == (503, "application/problem+json", "30", "unavailable")
    assert [database.story(item) for item in items] == [("received", 0, [])] * number

    let_time_pass(database)
    if first == "sweep":
        site.sweep()
    replayed = site.replay(*items)
    site.sweep()
    assert [each["status"] for each in replayed] == ["applied"] * number
    assert [database.story(item) for item in items] == [("applied", 1, ["lost", "applied"])] * number
    assert site.replay(*items) == [{**each, "replayed": True} for each in replayed]


def test_stopped_after_a_commit(site, database, tmp_path):
    """What was committed before is answered; the item that was cut off is unavailable, and applied later."""
    items = [make_item("slow"), *gated(tmp_path, 1)]  # a slow handler shares its transaction with none after it
    response = deliver_and_stop(site, database, tmp_path, items, back=False)
    assert response.status_code == 200
    assert response.json()["results"] == [
        result(items[0], result="slow"),
        result(items[1], "deferred", "unavailable", retry_after=30),
    ]

    let_time_pass(database)
    assert [each["status"] for each in site.replay(*items)] == ["applied"] * 2
    assert [database.story(item) for item in items] == [
        ("applied", 1, ["applied"]),
        ("applied", 1, ["lost", "applied"]),
    ]


@pytest.mark.parametrize("number", [1, 3])
def test_restarted_inside_a_handler(site, database, tmp_path, number):
    """Back before the handler writes again: what it wrote is gone with its connection, and is written once."""
    items = gated(tmp_path, number)
    response = deliver_and_stop(site, database, tmp_path, items, back=True)
    assert response.status_code == 200
    assert {each["disposition"] for each in response.json()["results"]} <= {"done", "wait"}

    let_time_pass(database)
    replayed = site.replay(*items)
    assert [each["status"] for each in replayed] == ["applied"] * number
    stories = [database.story(item) for item in items]
    assert [(state, effects, tries[-1]) for state, effects, tries in stories] == [("applied", 1, "applied")] * number
