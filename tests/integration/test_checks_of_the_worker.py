"""BGSYNC["SERVICE_WORKER"]: what the worker cannot do is told of before a browser meets it."""

from __future__ import annotations

from typing import Any

import pytest

from django_bgsync.checks import browser, service_worker, values

GOOD: list[dict[str, Any]] = [
    {},
    {"OFFLINE_URL": None, "REGISTER": False},
    {"OFFLINE_URL": True, "PRECACHE": ["/logo.svg", "django_bgsync/offline.css"]},
    {"OFFLINE_URL": "/gone/", "IMPORT_SCRIPTS": ["https://cdn.example/worker.js", "/extra.js"]},
    {"CAPTURE": [{"url": "^/api/"}, {"url": r"^/notes/\d+/$", "methods": ("PATCH",), "verdict": "status"}]},
    {"CAPTURE": [{"url": r"^/(?:a|b)/[*+]+\.x(?=/)\\+"}]},
    {"REGISTER": "/bgsync/sw.js"},
    {"REGISTER": "/their-worker.js"},
    {"ENABLED": False, "CAPTURE": [{}]},
]


def said(settings: Any, **options: Any) -> list[tuple[str, str]]:
    """The id and the sentence of each message; all have hints."""
    settings.BGSYNC = {"SERVICE_WORKER": options}
    messages = [
        *values.check_values(),
        *browser.check_browser(),
        *service_worker.check_service_worker(),
    ]
    assert all(message.hint for message in messages)
    return [(message.id, message.msg) for message in messages]


@pytest.mark.parametrize("options", GOOD, ids=repr)
def test_good(settings: Any, options: dict[str, Any]) -> None:
    """What the documentation allows is allowed."""
    assert said(settings, **options) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("ENABLED", "yes"),
        ("REGISTER", None),
        ("SCOPE", None),
        ("SCOPE", 5),
        ("OFFLINE_URL", False),
        ("PRECACHE", "/logo.svg"),
        ("PRECACHE", [5]),
        ("IMPORT_SCRIPTS", "extra.js"),
        ("CAPTURE", {"url": "^/api/"}),
        ("CAPTURE", ["^/api/"]),
    ],
)
def test_wrong_kind(settings: Any, option: str, value: Any) -> None:
    """A value of another kind is told once."""
    assert said(settings, **{option: value}) == [
        ("bgsync.E005", f'BGSYNC["SERVICE_WORKER"]["{option}"] is {value!r}.'),
    ]


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ({}, "url is None"),
        ({"url": ""}, "url is ''"),
        ({"url": "^/api/", "method": ["POST"]}, "nobody reads 'method'"),
        ({"url": "^/api/("}, "url '^/api/(' is no regular expression"),
        ({"url": "^/(?P<id>x)/"}, "url '^/(?P<id>x)/' holds '(?P<', which JavaScript does not know"),
        ({"url": "(?i)^/api/"}, "url '(?i)^/api/' holds '(?i)'"),
        ({"url": r"\A/api/"}, r"url '\\A/api/' holds '\\A'"),
        ({"url": "^/a(?#why)/"}, "url '^/a(?#why)/' holds '(?#'"),
        ({"url": "^/api/", "methods": ["GET"]}, "methods are ['GET']"),
        ({"url": "^/api/", "methods": ["post"]}, "methods are ['post']"),
        ({"url": "^/api/", "methods": "POST"}, "methods are 'POST'"),
        ({"url": "^/api/", "methods": []}, "methods are []"),
        ({"url": "^/api/", "verdict": "body"}, "verdict is 'body'"),
    ],
)
def test_pattern(settings: Any, pattern: dict[str, Any], fault: str) -> None:
    """A pattern that would capture nothing, or too much, or break the worker."""
    [(number, sentence)] = said(settings, CAPTURE=[{"url": "^/fine/"}, pattern])

    assert number == "bgsync.E046"
    assert sentence.startswith(f'BGSYNC["SERVICE_WORKER"]["CAPTURE"][1]: {fault}')


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("PRECACHE", ["https://cdn.example/logo.svg"]),
        ("PRECACHE", ["//cdn.example/logo.svg"]),
        ("OFFLINE_URL", "https://other.example/gone/"),
        ("OFFLINE_URL", "gone/"),
    ],
)
def test_other_site(settings: Any, option: str, value: Any) -> None:
    """What is kept is of this site."""
    assert [number for number, _ in said(settings, **{option: value})] == ["bgsync.E047"]


def test_static_files_elsewhere(settings: Any) -> None:
    """So is a static file only where STATIC_URL is."""
    settings.STATIC_URL = "https://cdn.example/static/"

    assert [number for number, _ in said(settings, OFFLINE_URL=True)] == ["bgsync.W050", "bgsync.E047"]


@pytest.mark.parametrize("option", ["PRECACHE", "IMPORT_SCRIPTS"])
def test_no_such_file(settings: Any, option: str) -> None:
    """A name of no static file."""
    assert said(settings, **{option: ["shel.css"]}) == [
        ("bgsync.W048", f'BGSYNC["SERVICE_WORKER"]["{option}"]: there is no static file \'shel.css\'.'),
    ]


def test_out_of_reach(settings: Any) -> None:
    """A worker of the project's own reaches no further than its directory."""
    [(number, sentence)] = said(settings, REGISTER="/static/app/worker.js", SCOPE="/app/")

    assert (number, "/static/app/" in sentence, "/app/" in sentence) == ("bgsync.W049", True, True)


def test_shadow_of_the_registered_one(settings: Any, tmp_path: Any) -> None:
    """A file in the place of the worker that pages register."""
    settings.ROOT_URLCONF = "tests.app.root_urls"
    settings.WHITENOISE_ROOT = tmp_path
    (tmp_path / "sw.js").touch()

    assert [number for number, _ in said(settings, REGISTER="/sw.js")] == ["bgsync.W045"]
