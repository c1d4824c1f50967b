"""django-q2, read from `Q_CLUSTER`: importing it has side effects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings as django_settings
from django.core import checks

from django_bgsync.conf import settings

DJANGO_Q = "django_bgsync.runners.django_q.DjangoQRunner"
RETRY = 60
"""django-q2's default, in seconds."""
_WITH_RECEIPTS = ("orm", "sqs", "iron_mq", "mongo", "broker_class")


def check_cluster(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.RUNNER != DJANGO_Q:
        return []
    cluster: Mapping[str, Any] = getattr(django_settings, "Q_CLUSTER", {})
    return [*_receipts(cluster), *_times(cluster), *_sync(cluster)]


def _receipts(cluster: Mapping[str, Any]) -> Iterator[checks.CheckMessage]:
    if not any(cluster.get(name) for name in _WITH_RECEIPTS):
        yield checks.Warning(
            "django-q2's Redis broker gives no receipts: a worker that is killed loses its task. Items then wait for "
            "the sweeper, a minute at most.",
            hint='Q_CLUSTER = {"orm": "default", ...}, or SILENCED_SYSTEM_CHECKS = ["bgsync.W010"]',
            id="bgsync.W010",
        )


def _times(cluster: Mapping[str, Any]) -> Iterator[checks.CheckMessage]:
    timeout, retry = cluster.get("timeout"), cluster.get("retry", RETRY)
    if timeout is not None and timeout >= retry:
        yield checks.Warning(
            f"Q_CLUSTER hands a task out again after {retry} s, while it may run for {timeout} s.",
            hint=f'Q_CLUSTER = {{"timeout": {timeout}, "retry": {timeout * 2}, ...}}',
            id="bgsync.W011",
        )


def _sync(cluster: Mapping[str, Any]) -> Iterator[checks.CheckMessage]:
    if cluster.get("sync"):
        yield checks.Warning(
            "Q_CLUSTER runs tasks in the process that makes them: schedules are never run, the sweeper's included.",
            hint='Take "sync" out of Q_CLUSTER. In tests, use django_bgsync.testing.bgsync_inline().',
            id="bgsync.W012",
        )
