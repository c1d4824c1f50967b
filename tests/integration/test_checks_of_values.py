"""Values that would be an error in some later request are told of before the site starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.permissions import AllowAny, IsAuthenticated

from django_bgsync import checks, runners
from django_bgsync.checks import values
from django_bgsync.handlers import Registry, sync_handler
from tests.deliveries import code_of, make_item


def said(given: Any, settings: Any) -> list[tuple[str, str]]:
    """The id and the sentence of each message; all have hints."""
    settings.BGSYNC = given
    messages = values.check_values()
    assert all(message.hint for message in messages)
    return [(message.id, message.msg) for message in messages]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("THROTTLE_ITEMS", value) for value in ("many", "6000", "6000/fortnight", "-1/min", 6000, ["6000/min"], "")),
        *(("MAX_ITEMS", value) for value in (0, -1, "100", 1.5, None, True)),
        ("MAX_FILES", -1),
        *(("TIME_BUDGET", value) for value in ("20s", -1, None, timedelta(-1), float("nan"), float("inf"), True)),
        *(("RETAIN_ITEMS", value) for value in ("400 days", 1e300)),
        *(("BACKOFF", value) for value in (5, [5], "5s")),
        ("SERVICE_WORKER", "sw.js"),
        *(("FILE_ROOT", value) for value in (5, ["files"])),
    ],
    ids=repr,
)
def test_wrong_value(settings: Any, name: str, value: Any) -> None:
    """The message names the setting and its value."""
    assert said({name: value}, settings) == [("bgsync.E005", f'BGSYNC["{name}"] is {value!r}.')]
    assert checks.check_configuration() == []


@pytest.mark.parametrize(("name", "value"), [("first", "5s"), ("cap", None), ("factor", 0), ("factor", "5")])
def test_wrong_value_of_backoff(settings: Any, name: str, value: Any) -> None:
    """The same for what BACKOFF holds."""
    given = {"BACKOFF": {name: value}}
    assert said(given, settings) == [("bgsync.E005", f'BGSYNC["BACKOFF"]["{name}"] is {value!r}.')]


@pytest.mark.parametrize("given", [["MAX_ITEMS"], 5])
def test_no_dict(settings: Any, given: Any) -> None:
    """BGSYNC itself has to be a dict."""
    assert said(given, settings) == [("bgsync.E005", f"BGSYNC is {given!r}.")]


@pytest.mark.parametrize(
    "given",
    [
        {},
        None,
        {"THROTTLE_ITEMS": None, "FILE_ROOT": None, "MAX_FILES": 0, "TIME_BUDGET": 0, "RETAIN_ATTEMPTS": timedelta(0)},
        {"THROTTLE_ITEMS": "5/s", "TIME_BUDGET": 1.5, "BACKOFF": {"first": timedelta(1), "factor": 1.5, "cap": 9}},
        {"AUTHENTICATION_CLASSES": None, "PERMISSION_CLASSES": ()},
    ],
)
def test_good_values(settings: Any, given: Any) -> None:
    """What the documentation allows is allowed."""
    assert said(given, settings) == []


@pytest.mark.parametrize("name", ["PERMISSION_CLASSES", "AUTHENTICATION_CLASSES"])
@pytest.mark.parametrize("value", [["no.such.Class"], ["json.nothing"], ["json"], "json.dumps", [5], 5])
def test_class_that_cannot_be_loaded(settings: Any, name: str, value: Any) -> None:
    """Classes are loaded at the first request; the check loads them before."""
    [(number, sentence)] = said({name: value}, settings)

    assert number == "bgsync.E006"
    assert sentence.startswith(f'BGSYNC["{name}"] cannot be used: ')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTHENTICATION_CLASSES", ["rest_framework.permissions.AllowAny"]),
        ("PERMISSION_CLASSES", ["rest_framework.authentication.SessionAuthentication"]),
    ],
)
def test_class_of_another_kind(settings: Any, name: str, value: Any) -> None:
    """One that is there, and cannot do what is asked of it."""
    [(number, sentence)] = said({name: value}, settings)

    assert (number, value[0] in sentence) == ("bgsync.E006", True)


def test_composed_permissions(settings: Any) -> None:
    """DRF's `A | B` is fine, though it is no class."""
    assert said({"PERMISSION_CLASSES": [AllowAny | IsAuthenticated]}, settings) == []


@pytest.mark.parametrize("url", ["sw.js", "./sw.js", "static/sw.js"])
def test_relative_worker(settings: Any, url: str) -> None:
    """It would be another worker on each page."""
    [(number, sentence)] = said({"SERVICE_WORKER": {"REGISTER": url}}, settings)

    assert (number, "REGISTER" in sentence) == ("bgsync.E005", True)


def test_classes_of_a_handler(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of handlers are looked at too."""
    monkeypatch.setattr(values, "registry", registry := Registry())
    monkeypatch.setattr("django_bgsync.handlers.registry", registry)
    sync_handler("strange", permission_classes=["no.such.Class"])(make_item)

    [(number, sentence)] = said({}, settings)
    assert (number, "make_item" in sentence) == ("bgsync.E006", True)


@pytest.mark.parametrize("runner", [5, None, "", "no.such.Runner", "json.nothing"])
def test_runner_that_cannot_be_loaded(settings: Any, runner: Any) -> None:
    """Whatever stands there instead of the path of a runner."""
    settings.BGSYNC = {"RUNNER": runner}

    assert [message.id for message in runners.check()] == ["bgsync.E030"]


@pytest.mark.parametrize(
    "given", [{"THROTTLE_ITEMS": "many"}, {"TIME_BUDGET": "20s"}, {"PERMISSION_CLASSES": ["no.such.Class"]}]
)
def test_what_it_spares(device: Any, settings: Any, given: Any) -> None:
    """Without a look at the check, every delivery is unavailable."""
    settings.BGSYNC = given

    assert code_of(device.deliver(make_item())) == (503, "unavailable")
