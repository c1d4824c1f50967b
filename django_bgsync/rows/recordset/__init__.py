"""Many rows in one statement, with JSON for what differs from row to row.

Binding row by row is what bulk inserts cost: Django's compiler and the driver spend ten times as long on the
parameters of a hundred rows as the database on the rows. So the columns that differ travel as JSON text, which the
database unfolds, and each of those that are the same for all rows as one value. This is the only package that knows
databases by name.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from django.db import connections, models

from django_bgsync.rows.portable import Portable
from django_bgsync.rows.recordset.mariadb import MariaDB
from django_bgsync.rows.recordset.postgresql import PostgreSQL
from django_bgsync.rows.recordset.sqlite import SQLite


@cache
def form_for(alias: str, model: type[models.Model]) -> Portable[Any]:
    """How this database reads and writes many rows: from JSON, or as Django does if it cannot, or nobody has tried."""
    connection = connections[alias]
    if connection.vendor == "postgresql":
        return PostgreSQL(alias, model)
    if connection.vendor == "sqlite" and sqlite3.sqlite_version_info >= (3, 38):
        return SQLite(alias, model)
    if getattr(connection, "mysql_is_mariadb", False):
        return MariaDB(alias, model)
    return Portable(alias, model)
