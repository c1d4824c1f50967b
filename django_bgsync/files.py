"""The files of items: saved before the receipt, lent to handlers, removed with what they belong to."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from django_bgsync import database
from django_bgsync.models import StoredFile, SyncItem
from django_bgsync.protocol import Upload
from django_bgsync.storage import file_path, private_storage

ORPHANS_AFTER = timedelta(days=1)
"""Longer than any delivery takes."""
SWEPT_AT_ONCE = 1000

logger = logging.getLogger("django_bgsync")


class ItemFile(UploadedFile):  # type: ignore[type-arg]  # generic to type checkers only
    """A file of an item as its handler sees it: like an upload of this moment, opened when it is first read."""

    closed = False  # reading opens it (again)

    def __init__(self, row: StoredFile) -> None:
        self._opened: Any = None
        self._row = row
        super().__init__(None, row.filename or "file", row.content_type, row.size)

    @property
    def file(self) -> Any:
        if self._opened is None:
            self._opened = self._row.file.storage.open(self._row.file.name or "")
        return self._opened

    @file.setter
    def file(self, value: Any) -> None:
        self._opened = value

    def open(self, mode: str | None = None, *args: Any, **kwargs: Any) -> ItemFile:
        self.file.seek(0)
        return self

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None


def save(uploads: Mapping[UUID, Sequence[Upload]], now: datetime) -> dict[UUID, list[StoredFile]]:
    """Put the files of items (by primary key) into the storage, as orphans until `adopt`.

    Their rows come first, so that whatever ends this process leaves no file that no row knows.
    """
    rows = {pk: [_row(upload, now) for upload in files] for pk, files in uploads.items() if files}
    _all().bulk_create([row for group in rows.values() for row in group])
    for pk, group in rows.items():
        for row, upload in zip(group, uploads[pk], strict=True):
            upload.content.seek(0)
            row.file.name = private_storage().save(row.file.name or "", File(upload.content))
    return rows


def adopt(saved: Mapping[UUID, Sequence[StoredFile]], pks: Collection[UUID]) -> None:
    """Give files to their items. To be committed together with the receipts of these."""
    rows = [row for pk, group in saved.items() if pk in pks for row in group]
    for pk, group in saved.items():
        for row in group:
            row.item_id = pk
    targeted = database.connection().features.supports_update_conflicts_with_target
    _all().bulk_create(
        rows, update_conflicts=True, update_fields=["item", "file"], unique_fields=["id"] if targeted else None
    )


def of_items(rows: Iterable[SyncItem]) -> dict[UUID, dict[str, ItemFile]]:
    """The files of some items, by primary key and name."""
    pks = [row.pk for row in rows if row.file_count]
    found: dict[UUID, dict[str, ItemFile]] = {}
    for row in _all().filter(item__in=pks).order_by("name") if pks else ():
        found.setdefault(cast(UUID, row.item_id), {})[row.name] = ItemFile(row)
    return found


def remove_of(pks: Collection[UUID]) -> int:
    """Remove the files of these items. Returns how many."""
    return _remove(_all().filter(item__in=pks))


def abandon(pks: Collection[UUID]) -> list[UUID]:
    """Make orphans of the files of these items, to be committed together with the end of these. Returns their keys."""
    rows = _all().filter(item__in=pks)
    keys = list(rows.values_list("pk", flat=True))
    rows.update(item=None)
    return keys


def remove(keys: Collection[UUID]) -> int:
    """Remove these files. Returns how many."""
    return _remove(_all().filter(pk__in=keys))


def sweep_orphans(now: datetime) -> int:
    """Remove files whose receipt was never committed, some at a time. Returns how many."""
    return _remove(_all().filter(item=None, saved_at__lt=now - ORPHANS_AFTER).order_by("saved_at")[:SWEPT_AT_ONCE])


def _remove(rows: QuerySet[StoredFile]) -> int:
    """The bytes first: a row without bytes is removed the next time, bytes without a row never."""
    removed = []
    for row in rows:
        try:
            row.file.storage.delete(row.file.name or "")
        except Exception:  # each storage has errors of its own
            logger.exception("The file %s could not be removed; it is tried again later.", row.file.name)
        else:
            removed.append(row.pk)
    _all().filter(pk__in=removed).delete()
    return len(removed)


def _row(upload: Upload, now: datetime) -> StoredFile:
    row = StoredFile(
        name=upload.name,
        filename=upload.filename,
        content_type=upload.content_type,
        size=upload.size,
        digest=upload.digest,
        saved_at=now,
    )
    row.file.name = file_path(row, upload.filename)
    return row


def _all() -> QuerySet[StoredFile]:
    return StoredFile.objects.using(database.alias())
