"""Named points on an item's way at which a test can let the process end. See `django_bgsync.testing`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum


class Milestone(StrEnum):
    RECEIVED = "after-receive-commit"
    BEFORE_HANDLER = "before-handler"
    INSIDE_HANDLER = "inside-handler"
    """Between two of the handler's statements, so only whoever watches those can tell."""
    AFTER_HANDLER = "after-handler"
    BEFORE_APPLY_COMMIT = "before-apply-commit"
    AFTER_APPLY_COMMIT = "after-apply-commit"
    BEFORE_RESPONSE = "before-response"


Watcher = Callable[[Milestone], None]
_watcher: Watcher | None = None


def reach(milestone: Milestone) -> None:
    if _watcher is not None:
        _watcher(milestone)


@contextmanager
def watched(watcher: Watcher) -> Iterator[None]:
    """Let somebody know of each milestone that any item of this process reaches."""
    global _watcher
    before, _watcher = _watcher, watcher
    try:
        yield
    finally:
        _watcher = before
