"""What is wrong with a project's configuration, each with the line to type. See docs/reference/checks.md."""

from __future__ import annotations

from django.core.checks import Tags, register

from django_bgsync import runners
from django_bgsync.checks.browser import check_browser
from django_bgsync.checks.cluster import check_cluster
from django_bgsync.checks.configuration import check_configuration
from django_bgsync.checks.databases import check_databases, check_servers
from django_bgsync.checks.files import check_files
from django_bgsync.checks.registrations import check_registrations
from django_bgsync.checks.service_worker import check_service_worker
from django_bgsync.checks.values import check_values

CHECKS = (
    check_values,
    check_configuration,
    check_registrations,
    check_cluster,
    check_databases,
    check_files,
    check_browser,
    check_service_worker,
)


def register_all() -> None:
    for check in (*CHECKS, runners.check):
        register(check)
    register(check_servers, Tags.database)  # asks the databases, so only `check --database` and `migrate` run it
