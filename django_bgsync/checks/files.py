"""Where the files of items are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core import checks
from django.core.files.storage import FileSystemStorage

from django_bgsync import storage


def check_files(**kwargs: Any) -> list[checks.CheckMessage]:
    return [*_public()] if storage.is_configured() else [*_missing()]


def _missing() -> Iterator[checks.CheckMessage]:
    yield checks.Warning(
        "There is no place for the files of items: deliveries that bring any are answered 503.",
        hint='BGSYNC = {"FILE_ROOT": BASE_DIR / "bgsync_files"}',
        id="bgsync.W030",
    )


def _public() -> Iterator[checks.CheckMessage]:
    used = storage.configured()
    if isinstance(used, FileSystemStorage):
        is_public = any(Path(used.location).is_relative_to(root) for root in _served())
    else:
        is_public = getattr(used, "querystring_auth", True) is False  # django-storages: addresses without a signature
    if is_public:
        yield checks.Warning(
            "The files of items have public addresses: what somebody sent could be read by everybody.",
            hint='BGSYNC = {"FILE_ROOT": BASE_DIR / "bgsync_files"}, outside of MEDIA_ROOT and STATIC_ROOT',
            id="bgsync.W031",
        )


def _served() -> Iterator[Path]:
    for root in (django_settings.MEDIA_ROOT, django_settings.STATIC_ROOT):
        if root:
            yield Path(root).absolute()
