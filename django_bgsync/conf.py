"""Settings: one dict, `BGSYNC`, read at each access so that `override_settings` just works."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings

MEBIBYTE = 1024 * 1024


def configured() -> Mapping[str, Any]:
    """What the project says."""
    return getattr(django_settings, "BGSYNC", None) or {}


class Settings:
    """The defaults; `BGSYNC[name]` wins. Sizes are in bytes."""

    MAX_ITEMS: int = 100
    """Items in one delivery."""
    MAX_BYTES: int = MEBIBYTE
    """The JSON of one delivery."""
    MAX_ITEM_BYTES: int = 256 * 1024
    """The payload of one item, as canonical JSON."""
    MAX_FILES: int = 20
    """Files in one delivery."""
    MAX_FILE_BYTES: int = 10 * MEBIBYTE
    """One file."""
    MAX_DELIVERY_FILE_BYTES: int = 50 * MEBIBYTE
    """All files of one delivery."""
    MAX_JSON_DEPTH: int = 64
    """Nesting inside a payload."""
    TIME_BUDGET: timedelta | float = timedelta(seconds=20)
    """So long one delivery may keep starting handlers; what is left is answered `accepted`."""
    PERMISSION_CLASSES: Sequence[str | type] = ("rest_framework.permissions.IsAuthenticated",)
    """DRF permission classes, all of which must agree before a delivery is read."""
    AUTHENTICATION_CLASSES: Sequence[str | type] | None = None
    """DRF authentication classes; None means DRF's own default."""
    RUNNER: str = "django_bgsync.runners.django_q.DjangoQRunner"
    """What starts work outside of requests; see `runners`."""
    THROTTLE_ITEMS: str | None = "6000/min"
    """Items that an owner, or all visitors of one address, may bring in a while; None means no limit."""
    BACKOFF: Mapping[str, Any] = {}
    """`first`, `factor`, `cap` of the waits between tries; see `backoff`."""
    CLIENT_MAX_AGE: timedelta | float = timedelta(days=30)
    """So long a client keeps sending an item before it parks it."""
    RETAIN_ITEMS: timedelta | float = timedelta(days=400)
    """So long after its receipt a finished item is kept; must be longer than `CLIENT_MAX_AGE`."""
    RETAIN_PAYLOADS: timedelta | float = timedelta(days=30)
    """So long payload and files are kept after the item was applied or discarded."""
    RETAIN_ATTEMPTS: timedelta | float = timedelta(days=90)
    RETAIN_DELIVERIES: timedelta | float = timedelta(days=90)
    FILE_STORAGE: str = "bgsync"
    """The alias in `STORAGES` for the files of items."""
    FILE_ROOT: str | Path | None = None
    """Without that alias: the directory for them. None means `bgsync_files` beside `MEDIA_ROOT`."""
    SERVICE_WORKER: Mapping[str, Any] = {}
    """See `service_worker`."""

    def __getattribute__(self, name: str) -> Any:
        given = configured()
        if name in given:
            return given[name]
        return super().__getattribute__(name)


BACKOFF_DEFAULTS: Mapping[str, Any] = {"first": timedelta(seconds=5), "factor": 5, "cap": timedelta(hours=6)}
SERVICE_WORKER_DEFAULTS: Mapping[str, Any] = {
    "ENABLED": True,
    "REGISTER": True,
    "SCOPE": "/",
    "OFFLINE_URL": None,
    "PRECACHE": (),
    "CAPTURE": (),
    "IMPORT_SCRIPTS": (),
}

settings = Settings()


def backoff() -> dict[str, float]:
    """The waits between tries as keyword arguments of `backoff.delay`, in seconds."""
    return {name: seconds(value) for name, value in {**BACKOFF_DEFAULTS, **settings.BACKOFF}.items()}


def service_worker(option: str) -> Any:
    """One option of `BGSYNC["SERVICE_WORKER"]`, or its default."""
    return {**SERVICE_WORKER_DEFAULTS, **settings.SERVICE_WORKER}[option]


def limits() -> dict[str, int]:
    """What one delivery may hold, in the words of the protocol."""
    return {
        "max_items": settings.MAX_ITEMS,
        "max_bytes": settings.MAX_BYTES,
        "max_item_bytes": settings.MAX_ITEM_BYTES,
        "max_files": settings.MAX_FILES,
        "max_file_bytes": settings.MAX_FILE_BYTES,
        "max_delivery_file_bytes": settings.MAX_DELIVERY_FILE_BYTES,
    }


def seconds(value: timedelta | float) -> float:
    """A duration setting may be a timedelta or a number of seconds."""
    return value.total_seconds() if isinstance(value, timedelta) else float(value)
