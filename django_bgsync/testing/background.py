"""Background items without a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.signals import request_finished

from django_bgsync.upkeep import sweep


@contextmanager
def bgsync_inline() -> Iterator[None]:
    """Apply what is due when a request ends, as a very quick worker would, and at the end of the block.

    The answer to the delivery still says `accepted`; the next one says what came of the item.
    """
    request_finished.connect(_work)
    try:
        yield
        sweep.work()
    finally:
        request_finished.disconnect(_work)


def _work(**arguments: Any) -> None:
    sweep.work()
