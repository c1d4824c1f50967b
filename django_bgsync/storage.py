"""Where the files of items are kept: never under a public URL."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage, storages

from django_bgsync.conf import settings


class PrivateStorage(Storage):
    """The storage that the settings name, looked up at each use. It has no URLs."""

    def open(self, name: str, mode: str = "rb") -> File[Any]:
        return configured().open(name, mode)

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        return configured().save(name, content, max_length)

    def delete(self, name: str) -> None:
        configured().delete(name)

    def exists(self, name: str) -> bool:
        return configured().exists(name)

    def size(self, name: str) -> int:
        return configured().size(name)


def private_storage() -> Storage:
    """For the migration, which keeps the name of this function and nothing of the settings."""
    return PrivateStorage()


def file_path(instance: Any, filename: str) -> str:
    """A name that nobody can guess and that tells nothing; the user's own file name is in the row."""
    return f"{date.today():%Y/%m/%d}/{instance.pk}"


def is_configured() -> bool:
    try:
        configured()
    except ImproperlyConfigured:
        return False
    return True


def configured() -> Storage:
    """The storage that the settings name. Raises ImproperlyConfigured if they name none."""
    if settings.FILE_STORAGE in django_settings.STORAGES:
        return storages[settings.FILE_STORAGE]
    root = settings.FILE_ROOT or (
        django_settings.MEDIA_ROOT and Path(django_settings.MEDIA_ROOT).parent / "bgsync_files"
    )
    if not root:
        raise ImproperlyConfigured(
            f"There is no place for files: add the alias {settings.FILE_STORAGE!r} to STORAGES, or set "
            "BGSYNC['FILE_ROOT'] or MEDIA_ROOT."
        )
    return FileSystemStorage(location=root, base_url=None)
