"""Databases and caches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connections, router

from django_bgsync import database
from django_bgsync.handlers import registry

MARIADB = (10, 11, 5)


def check_databases(**kwargs: Any) -> list[checks.CheckMessage]:
    return [*_time_zones(), *_sqlite(), *_routers()]


def check_servers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    asked = databases or ()
    return [*(_mariadb() if database.alias() in asked else ()), *_cache_tables(asked)]


def _time_zones() -> Iterator[checks.CheckMessage]:
    if not settings.USE_TZ:
        yield checks.Error(
            "Items come from devices in any time zone, and the database is not to be told of zones.",
            hint="USE_TZ = True",
            id="bgsync.E020",
        )


def _sqlite() -> Iterator[checks.CheckMessage]:
    connection = database.connection()
    if connection.vendor == "sqlite" and connection.settings_dict["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        yield checks.Warning(
            "SQLite may fail with 'database is locked' in the middle of a transaction.",
            hint=f'DATABASES = {{"{database.alias()}": {{"OPTIONS": {{"transaction_mode": "IMMEDIATE"}}, ...}}}}',
            id="bgsync.W020",
        )


def _routers() -> Iterator[checks.CheckMessage]:
    """The apps of handlers, whose models they are likely to write."""
    modules = {handler.function.__module__ for handler in registry.values()}
    for config in {app.label: app for module in modules if (app := apps.get_containing_app_config(module))}.values():
        apart = [model for model in config.get_models() if router.db_for_write(model) != database.alias()]
        if apart:
            yield checks.Warning(
                f"{apart[0].__name__} is in another database than the items: what a handler of {config.label} writes "
                "there is not committed together with its item.",
                hint="Let your DATABASE_ROUTERS keep the app django_bgsync in the database of your handlers' models.",
                id="bgsync.W022",
            )


def _mariadb() -> Iterator[checks.CheckMessage]:
    connection: Any = database.connection()
    if connection.vendor == "mysql" and connection.mysql_is_mariadb and connection.mysql_version < MARIADB:
        yield checks.Warning(
            f"MariaDB {'.'.join(map(str, connection.mysql_version))} may sort and compare UUIDs wrongly.",
            hint=f"Use MariaDB {'.'.join(map(str, MARIADB))} or newer.",
            id="bgsync.W021",
        )


def _cache_tables(databases: Sequence[str]) -> Iterator[checks.CheckMessage]:
    """A missing table makes the throttle and the health page fail."""
    for cache in caches.all(initialized_only=False):
        if not isinstance(cache, BaseDatabaseCache):
            continue
        alias, table = router.db_for_read(cache.cache_model_class), getattr(cache, "_table", "")
        if alias in databases and table not in connections[alias].introspection.table_names():
            yield checks.Warning(
                f"The table {table!r} of the cache does not exist.",
                hint="python manage.py createcachetable",
                id="bgsync.W023",
            )
