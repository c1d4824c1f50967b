"""Telling those who listen to `signals` what has been committed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django_bgsync import database
from django_bgsync.enums import Code, ItemState
from django_bgsync.models import SyncItem
from django_bgsync.signals import item_applied, item_dead, item_rejected


def announce(rows: Iterable[SyncItem]) -> None:
    """Tell what became of these items, once that is committed. Costs nothing while nobody listens."""
    if item_applied.receivers or item_rejected.receivers or item_dead.receivers:
        database.after_commit(partial(_send, list(rows)))


def _send(rows: list[SyncItem]) -> None:
    for row in rows:
        if row.state == ItemState.APPLIED:
            item_applied.send_robust(SyncItem, item=row)
        elif row.state == ItemState.REJECTED:
            signal = item_dead if row.code == Code.DEAD else item_rejected
            signal.send_robust(SyncItem, item=row)
