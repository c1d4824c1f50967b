"""System checks: each is silent in a good project, and says in a bad one what to type."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.checks import registry as registered
from django.core.checks import run_checks
from django.db import connection
from django.urls import clear_script_prefix, reverse, set_script_prefix
from rest_framework.authentication import SessionAuthentication

import django_bgsync
from django_bgsync import checks, feeds, handlers, runners
from django_bgsync.checks import browser, cluster, configuration, databases, files, registrations
from django_bgsync.handlers import Registry, sync_handler
from tests.app.bgsync import keep
from tests.app.feeds import numbers

PACKAGE = Path(django_bgsync.__file__).parent
CSP = {"default-src": ["'none'"], "script-src": ["'self'"], "connect-src": ["'self'"]}


def said(check, **arguments) -> list[str]:
    """The ids of what a check says, each with a hint."""
    messages = check(**arguments)
    assert all(message.hint and message.msg for message in messages)
    return [message.id for message in messages]


@pytest.fixture
def registry(monkeypatch):
    """An empty one, known to the check."""
    empty = Registry()
    for module in (handlers, registrations, databases):
        monkeypatch.setattr(module, "registry", empty)
    return empty


@pytest.mark.django_db  # a check of Django's own asks SQLite whether it knows JSON
def test_good_project(settings, tmp_path):
    """The project of these tests has nothing to be told but where to keep files."""
    settings.BGSYNC = {"FILE_ROOT": tmp_path}

    assert run_checks() == []


@pytest.mark.django_db
def test_good_servers():
    """Neither has its database."""
    assert checks.check_servers(databases=["default"]) == []


def test_all_are_registered():
    """Every check runs by itself; the one that asks databases only when they may be asked."""
    known = registered.registry.get_checks(include_deployment_checks=True)

    assert {*checks.CHECKS, checks.check_servers, runners.check} <= set(known)
    assert "database" in checks.check_servers.tags


def test_ids():
    """Every id in the source is on the page, once, and none that is not."""
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    page = (PACKAGE.parent / "docs/reference/checks.md").read_text()

    ids = re.findall(r'id="(bgsync\.[EW]\d{3})"', source)
    assert sorted(ids) == sorted(set(ids)) == sorted(re.findall(r"^\| `(bgsync\.[EW]\d{3})`", page, flags=re.M))


# Configuration


@pytest.mark.parametrize(
    ("bgsync", "hint"),
    [
        ({"MAX_ITEM": 1}, "Write 'MAX_ITEMS'."),
        ({"max_items": 1}, "Write 'MAX_ITEMS'."),
        ({"SERVICE_WORKER": {"SCOPES": "/"}}, "Write 'SCOPE'."),
        ({"BACKOFF": {"frist": 1}}, "Write 'first'."),
        ({"BACKOFF": {"": 1}}, "Take it out. There are first, factor, cap."),
    ],
)
def test_unknown_key(settings, bgsync, hint):
    """A key that nobody reads was meant to be another one."""
    settings.BGSYNC = bgsync

    [message] = configuration.check_configuration()
    assert (message.id, message.hint) == ("bgsync.E001", hint)


@pytest.mark.parametrize(("days", "ids"), [(30, ["bgsync.E002"]), (31, [])])
def test_retention(settings, days, ids):
    """Items are remembered for longer than clients send them."""
    settings.BGSYNC = {"RETAIN_ITEMS": timedelta(days=days)}

    assert said(configuration.check_configuration) == ids


# Handlers


def test_two_handlers(registry):
    """The first is kept, and both are named."""

    def other(item): ...

    sync_handler("post")(keep)
    sync_handler("post")(other)

    [message] = registrations.check_registrations()
    assert (message.id, registry["post"].function) == ("bgsync.E003", keep)
    assert "tests.app.bgsync.keep and tests.integration.test_checks" in message.msg


def test_async_handler(registry):
    """An async function cannot be a handler."""

    @sync_handler("post")
    async def publish(item): ...

    assert said(registrations.check_registrations) == ["bgsync.E004"]


def test_two_feeds(monkeypatch):
    """The first is kept, and both are named."""
    monkeypatch.setattr(feeds, "registry", Registry())

    def other(request, cursor): ...

    feeds.sync_feed("news")(numbers)
    feeds.sync_feed("news")(other)

    [message] = registrations.check_registrations()
    assert (message.id, feeds.registry["news"].function) == ("bgsync.E007", numbers)
    assert "tests.app.feeds.numbers and tests.integration.test_checks" in message.msg
    assert message.hint


def test_async_feed(monkeypatch):
    """An async function cannot be a feed."""
    monkeypatch.setattr(feeds, "registry", Registry())

    @feeds.sync_feed("news")
    async def latest(request, cursor): ...

    assert said(registrations.check_registrations) == ["bgsync.E008"]


# django-q2


@pytest.mark.parametrize(
    ("q_cluster", "ids"),
    [
        ({}, ["bgsync.W010"]),
        ({"redis": {}, "timeout": 60}, ["bgsync.W010", "bgsync.W011"]),
        ({"orm": "default", "timeout": 60, "retry": 60}, ["bgsync.W011"]),
        ({"orm": "default", "timeout": 60, "retry": 61}, []),
        ({"orm": "default", "sync": True}, ["bgsync.W012"]),
    ],
)
def test_cluster(settings, q_cluster, ids):
    """Receipts, times and sync."""
    settings.Q_CLUSTER = q_cluster

    assert said(cluster.check_cluster) == ids


def test_cluster_of_others(settings):
    """With another runner, Q_CLUSTER is nobody's business."""
    settings.BGSYNC = {"RUNNER": "django_bgsync.runners.none.NoRunner"}
    settings.Q_CLUSTER = {"sync": True}

    assert cluster.check_cluster() == []


# Databases


@pytest.mark.parametrize(("options", "ids"), [({}, ["bgsync.W020"]), ({"transaction_mode": "IMMEDIATE"}, [])])
def test_sqlite(monkeypatch, options, ids):
    """Its transactions begin with the lock."""
    monkeypatch.setattr(connection, "vendor", "sqlite")
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)

    assert said(databases.check_databases) == ids


@pytest.mark.parametrize(("version", "ids"), [((10, 11, 4), ["bgsync.W021"]), ((10, 11, 5), [])])
def test_mariadb(monkeypatch, version, ids):
    """Older ones order UUIDs otherwise."""
    monkeypatch.setattr(connection, "vendor", "mysql")
    monkeypatch.setattr(connection, "mysql_is_mariadb", True, raising=False)
    monkeypatch.setattr(connection, "mysql_version", version, raising=False)

    assert said(databases.check_servers, databases=["default"]) == ids
    assert said(databases.check_servers) == []


class Apart:
    """Keeps the models of the tests' handlers elsewhere."""

    def db_for_write(self, model, **hints):
        return "elsewhere" if model._meta.app_label == "tests_app" else None


def test_routers(settings):
    """What handlers write has to be beside the items."""
    settings.DATABASE_ROUTERS = [Apart()]

    assert said(databases.check_databases) == ["bgsync.W022"]


@pytest.mark.django_db
def test_cache_table(settings):
    """A database cache needs its table."""
    backend = "django.core.cache.backends.db.DatabaseCache"
    settings.CACHES = {"default": {"BACKEND": backend, "LOCATION": "no_such_table"}}

    assert said(databases.check_servers, databases=["default"]) == ["bgsync.W023"]


# Files


def test_no_place_for_files(settings):
    """Without any setting there is none."""
    settings.BGSYNC = {}
    settings.MEDIA_ROOT = ""

    assert said(files.check_files) == ["bgsync.W030"]


FILES = "django.core.files.storage.FileSystemStorage"


@pytest.mark.parametrize(("location", "ids"), [("/srv/media/bgsync", ["bgsync.W031"]), ("/srv/bgsync", [])])
def test_public_files(settings, location, ids):
    """A folder that the web server serves is no place for them."""
    settings.MEDIA_ROOT = "/srv/media"
    settings.STORAGES = {**project.STORAGES, "bgsync": {"BACKEND": FILES, "OPTIONS": {"location": location}}}

    assert said(files.check_files) == ids


class Bucket:
    def __init__(self, querystring_auth: bool) -> None:
        self.querystring_auth = querystring_auth


@pytest.mark.parametrize(("is_signed", "ids"), [(False, ["bgsync.W031"]), (True, [])])
def test_public_bucket(settings, is_signed, ids):
    """A bucket's addresses are signed."""
    backend = {"BACKEND": f"{__name__}.Bucket", "OPTIONS": {"querystring_auth": is_signed}}
    settings.STORAGES = {**project.STORAGES, "bgsync": backend}

    assert said(files.check_files) == ids


# Browsers


def test_urls(settings):
    """The URLs have to be somewhere."""
    settings.ROOT_URLCONF = "django.contrib.auth.urls"

    assert said(browser.check_browser) == ["bgsync.E040"]
    assert "bgsync.E040" in [message.id for check in checks.CHECKS for message in check()]


def test_other_urls_first(settings):
    """A pattern that matches everything answers for all that comes after it."""
    settings.ROOT_URLCONF = "tests.app.greedy_urls"

    assert said(browser.check_browser) == ["bgsync.E051"]


@pytest.mark.parametrize("prefix", ["/", "/shop/"])
def test_script_prefix(settings, prefix):
    """Below a prefix of the server they are found as well."""
    set_script_prefix(prefix)
    try:
        assert said(browser.check_browser) == []
        assert browser.is_ours(reverse("django_bgsync:service-worker"))
    finally:
        clear_script_prefix()


@pytest.mark.parametrize(
    ("classes", "ids"),
    [
        (["rest_framework.authentication.TokenAuthentication"], ["bgsync.W052"]),
        ([], ["bgsync.W052"]),
        (["rest_framework.authentication.TokenAuthentication", f"{__name__}.Sessions"], []),
    ],
)
def test_sessions(settings, classes, ids):
    """To classes that know no sessions nobody is signed in, unless the project has said that it wants that."""
    settings.REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": classes}
    assert said(checks.check_values) == ids

    settings.BGSYNC = {"AUTHENTICATION_CLASSES": classes}
    assert said(checks.check_values) == []


class Sessions(SessionAuthentication):
    """The project's own."""


@pytest.mark.parametrize("scope", ["app/", "//other.example/", "https://other.example/"])
def test_scope(settings, scope):
    """A scope is a path."""
    settings.BGSYNC = {"SERVICE_WORKER": {"SCOPE": scope}}

    assert said(browser.check_browser) == ["bgsync.E041"]


@pytest.mark.parametrize(
    ("name", "value", "ids"),
    [
        ("SECURE_HSTS_SECONDS", 60, ["bgsync.W042"]),
        ("SESSION_COOKIE_PATH", "/app/", ["bgsync.W043"]),
        ("CSRF_COOKIE_PATH", "/app/", ["bgsync.W043"]),
        ("CSRF_COOKIE_PATH", "/bgsync/", []),
        ("SECURE_CSP", CSP, []),
        ("SECURE_CSP", {**CSP, "worker-src": ["'none'"]}, ["bgsync.W044"]),
        ("SECURE_CSP", {"default-src": ["'none'"]}, ["bgsync.W044", "bgsync.W044"]),
        ("STATIC_URL", "/bgsync/", ["bgsync.W045"]),
        ("STATIC_URL", "https://static.example/", ["bgsync.W050"]),
    ],
)
def test_browser_settings(settings, name, value, ids):
    """What keeps a browser from running the worker, or the worker from sending."""
    setattr(settings, name, value)

    assert said(browser.check_browser) == ids


def test_static_files_before_they_are_collected(settings, tmp_path):
    """A storage that has no manifest yet says nothing of its host, and the check goes on."""
    settings.STATIC_ROOT, settings.DEBUG = tmp_path, False
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    }

    assert said(browser.check_browser) == []


def test_shadow(settings, tmp_path):
    """WhiteNoise answers before Django does."""
    settings.WHITENOISE_ROOT = tmp_path
    assert said(browser.check_browser) == []
    (tmp_path / "bgsync").mkdir()
    (tmp_path / "bgsync" / "sw.js").touch()

    assert said(browser.check_browser) == ["bgsync.W045"]


def test_without_time_zones(settings):
    """Times of devices are in any zone."""
    settings.USE_TZ = False

    assert said(databases.check_databases) == ["bgsync.E020"]
