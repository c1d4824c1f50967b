"""Offline work that always arrives: the receiving side of Background Sync for Django."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_bgsync.exceptions import Conflict, Rejected, RetryLater
    from django_bgsync.feeds import Feed, sync_feed
    from django_bgsync.handlers import Item, sync_handler
    from django_bgsync.idempotency import idempotent

__all__ = ["Conflict", "Feed", "Item", "Rejected", "RetryLater", "idempotent", "sync_feed", "sync_handler"]

_HOMES = {
    "Conflict": "django_bgsync.exceptions",
    "Feed": "django_bgsync.feeds",
    "Item": "django_bgsync.handlers",
    "Rejected": "django_bgsync.exceptions",
    "RetryLater": "django_bgsync.exceptions",
    "idempotent": "django_bgsync.idempotency",
    "sync_feed": "django_bgsync.feeds",
    "sync_handler": "django_bgsync.handlers",
}


def __getattr__(name: str) -> Any:
    # Lazily, because handlers.py needs the app registry and Django imports this package before it is ready.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
