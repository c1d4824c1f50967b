"""How often items that are finished are sent again: somebody did not hear the answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import OperationalError

from django_bgsync import database
from django_bgsync.models import SyncItem
from django_bgsync.rows import ledger

QUIET = timedelta(minutes=1)
"""An item is counted at most this often: a retry storm must not be a write storm."""


def count(rows: Iterable[SyncItem], now: datetime) -> None:
    """Count a replay of each of these rows, by one statement, or by none if all were counted a short while ago.

    Only finished ones: the others may be locked by whoever is at them, and a replay waits for nobody.
    """
    pks = [row.pk for row in rows if row.is_finished and _is_quiet(row, now)]
    if not pks:
        return
    # The comparison is in the statement: of two replays at once one is counted.
    try:
        ledger.count_replays(pks, now=now, before=now - QUIET)
    except OperationalError as error:
        if not database.is_transient(error):
            raise  # a count is not worth a second try


def _is_quiet(row: SyncItem, now: datetime) -> bool:
    return row.last_replay_at is None or row.last_replay_at <= now - QUIET
