"""What BGSYNC["SERVICE_WORKER"] puts into sw.js: what to keep, what to capture, what to run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.test.utils import override_script_prefix

from django_bgsync.service_worker import precache

STYLE = "/static/django_bgsync/offline.css"
INSPECTOR = [
    "/bgsync/inspector/",
    "/static/django_bgsync/inspector.css",
    "/static/django_bgsync/bgsync.min.js",
    "/static/django_bgsync/bgsync-engine.min.js",
    "/static/django_bgsync/bgsync-inspector.min.js",
]
MANIFEST = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}


@pytest.fixture
def worker(settings: Any):
    """The text of sw.js with these options, or of worker.js."""

    def text(path: str = "/bgsync/sw.js", language: str = "en", **options: Any) -> str:
        settings.BGSYNC = {"SERVICE_WORKER": options}
        response = Client().get(path, headers={"Accept-Language": language})
        assert response.status_code == 200
        return response.content.decode()

    return text


def configuration_in(text: str) -> Any:
    return json.loads(re.search(r"self\.__bgsync = (\{.*\});\n", text)[1])


@pytest.fixture
def static_file(settings: Any, tmp_path: Path) -> Path:
    """A static file of the project, `shell.css`."""
    settings.STATICFILES_DIRS = [tmp_path]
    path = tmp_path / "shell.css"
    path.write_text("a {}")
    return path


def test_nothing(worker):
    """Without options the worker is told nothing that would make it handle requests."""
    assert not {"capture", "precache"} & set(configuration_in(worker()))


def test_capture(worker):
    """A pattern may leave out everything but the URL."""
    capture = configuration_in(worker(CAPTURE=[{"url": "^/api/"}, {"url": "^/x/", "methods": ["PUT"]}]))["capture"]

    assert capture == [
        {"url": "^/api/", "methods": ["POST", "PUT", "PATCH", "DELETE"], "verdict": "header"},
        {"url": "^/x/", "methods": ["PUT"], "verdict": "header"},
    ]


def test_offline_page(worker):
    """Our page comes with what it needs, and with the inspector, to which it leads."""
    told = configuration_in(worker(OFFLINE_URL=True))["precache"]

    assert (told["offline"], told["urls"]) == ("/bgsync/offline/", ["/bgsync/offline/", STYLE, *INSPECTOR])


def test_inspector(worker):
    """A project with an offline page of its own, or with none, names it: what it needs comes with it."""
    told = configuration_in(worker(OFFLINE_URL="/gone/", PRECACHE=["/logo.svg", INSPECTOR[0]]))["precache"]

    assert told["urls"] == ["/gone/", "/logo.svg", *INSPECTOR]


def test_readable_scripts(worker, settings):
    """With DEBUG pages load the readable scripts, and those are kept."""
    settings.DEBUG = True

    urls = configuration_in(worker(PRECACHE=[INSPECTOR[0]]))["precache"]["urls"]
    assert urls == [url.replace(".min.", ".") for url in INSPECTOR]


def test_offline_page_of_the_project(worker):
    """A URL is the project's own page, which comes with what PRECACHE says."""
    told = configuration_in(worker(OFFLINE_URL="/gone/", PRECACHE=["/logo.svg", "django_bgsync/offline.css"]))[
        "precache"
    ]

    assert (told["offline"], told["urls"]) == ("/gone/", ["/gone/", "/logo.svg", STYLE])


def test_version_follows_the_files(worker, static_file):
    """A file that changes is another version, so that devices fetch it; nothing else is."""

    def version() -> str:
        return configuration_in(worker(PRECACHE=["shell.css"]))["precache"]["version"]

    before = version()
    assert version() == before
    static_file.write_text("b {}")
    assert version() != before


def write_template(settings: Any, directory: Path, page: str, content: str) -> None:
    """Give the project a template of its own for one of our pages."""
    (directory / "django_bgsync").mkdir()
    (directory / "django_bgsync" / page).write_text(
        f'{{% extends "django_bgsync/{page}" %}}{{% block content %}}{content}{{% endblock %}}'
    )
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [directory]}]


@pytest.mark.parametrize("page", ["offline.html", "inspector.html"])
def test_version_follows_our_pages(worker, settings, tmp_path, page):
    """Our page, changed by the project's template, is another version."""
    before = configuration_in(worker(OFFLINE_URL=True))["precache"]["version"]
    write_template(settings, tmp_path, page, "Gone fishing")

    assert configuration_in(worker(OFFLINE_URL=True))["precache"]["version"] != before


def test_page_that_needs_a_request(worker, settings, tmp_path, caplog):
    """The project's template cannot be rendered for nobody: there is a worker all the same, and the log says so."""
    write_template(settings, tmp_path, "inspector.html", "{% url request.path %}")

    told = configuration_in(worker(OFFLINE_URL=True))["precache"]
    assert INSPECTOR[0] in told["urls"]
    assert "django_bgsync/inspector.html cannot be rendered without a request" in caplog.text


def test_same_for_every_language(worker, settings):
    """Whatever language somebody reads, it is the same worker: else each visit would install another one."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]

    assert worker(OFFLINE_URL=True, language="de") == worker(OFFLINE_URL=True, language="ar")


def test_hashed_names(worker, settings, static_file, tmp_path):
    """With ManifestStaticFilesStorage devices keep the hashed names; a file that was not collected is left out."""
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATIC_ROOT.mkdir()
    paths = {"shell.css": "shell.55e7cbb9ba48.css", "django_bgsync/offline.css": "django_bgsync/offline.abc.css"}
    manifest = {"version": "1.1", "paths": paths}
    (settings.STATIC_ROOT / "staticfiles.json").write_text(json.dumps(manifest))
    settings.STORAGES = {**settings.STORAGES, **MANIFEST}

    text = worker(PRECACHE=["shell.css", "forgotten.css"], IMPORT_SCRIPTS=["forgotten.js"])
    assert configuration_in(text)["precache"]["urls"] == ["/static/shell.55e7cbb9ba48.css"]
    assert "importScripts(...[" not in text


def test_below_a_prefix(worker, settings):
    """A site below a path of its server keeps its own pages, and is the scope unless that is said otherwise."""
    settings.STATIC_URL = "/static/"  # Django would remember it with the prefix
    with override_script_prefix("/site/"):
        told = configuration_in(worker(OFFLINE_URL=True))

    assert (told["base"], told["scope"]) == ("/site/bgsync/", "/site/")
    assert told["precache"]["urls"][0] == "/site/bgsync/offline/"


def test_import_scripts(worker):
    """The project's scripts run after ours, so that they find `bgsync`, and before the block `extra`."""
    text = worker(IMPORT_SCRIPTS=["/extra.js", "django_bgsync/more.js"])

    statement = 'importScripts(...["/extra.js", "/static/django_bgsync/more.js"]);'
    assert text.index("self.__bgsync") < text.index("self.bgsync") < text.index(statement)
    assert text.rstrip().endswith(statement)


def test_nothing_for_a_worker_of_the_project(worker):
    """worker.js brings neither life cycle nor handling of requests."""
    options = {"CAPTURE": [{"url": "^/api/"}], "OFFLINE_URL": True, "IMPORT_SCRIPTS": ["/extra.js"]}
    text = worker("/bgsync/worker.js", **options)

    assert not {"capture", "precache"} & set(configuration_in(text))
    assert "extra.js" not in text


def test_precache_reads_files_once(worker, static_file, monkeypatch):
    """The worker is asked for at every visit: files are read when they have changed."""
    read: list[Path] = []
    whole = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path) or whole(path))
    precache._digest.cache_clear()
    cache.clear()

    worker(PRECACHE=["shell.css"])
    worker(PRECACHE=["shell.css"])
    assert read == [static_file]
