"""What handlers leave to be done after the commit."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django_bgsync import database
from django_bgsync.applying.verdicts import describe
from django_bgsync.models import DeliveryAttempt

logger = logging.getLogger("django_bgsync")


def guard(callbacks: list[Any], first: int, attempts: list[DeliveryAttempt]) -> None:
    """An exception in an on_commit callback comes after the commit: it must not reach the client, or the callbacks of
    other items. It is recorded on the attempts whose handler registered it.
    """
    for position in range(first, len(callbacks)):
        savepoints, callback, *others = callbacks[position]
        callbacks[position] = (savepoints, partial(_call_back, callback, attempts), *others)


def _call_back(callback: Callable[[], object], attempts: list[DeliveryAttempt]) -> None:
    try:
        callback()
    except Exception as error:
        text, traceback = describe(error)
        pks = [attempt.pk for attempt in attempts]
        DeliveryAttempt.objects.using(database.alias()).filter(pk__in=pks).update(error=text, traceback=traceback)
        logger.exception("An on_commit callback failed after its item was committed.")
