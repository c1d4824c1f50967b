"""How rows name themselves, in the admin and in messages."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db.models import Model

from django_bgsync import models

HOUR = datetime(2026, 11, 26, 14, tzinfo=UTC)
ID = UUID("019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b11")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (models.OwnerSalt(), "owner salt"),
        (models.SyncTag(name="post"), "post"),
        (models.SyncClient(client_id=ID), "…3d0f2b11"),
        (models.SyncClient(client_id=ID, label="Ada's phone"), "Ada's phone"),
        (models.SyncItem(item_id=ID), str(ID)),
        (models.Delivery(pk=ID), str(ID)),
        (models.FeedPull(pk=ID), str(ID)),
        (models.DeliveryAttempt(item_id=ID, number=2), f"{ID} #2"),
        (models.HourlyStat(tag_id="post", hour=HOUR), "post 2026-11-26 14:00"),
        (models.Watermark(name="hourly", until=HOUR), "hourly 2026-11-26T14:00:00+00:00"),
        (models.OperatorAction(pk=ID, kind="retry"), "retry 3d0f2b11"),
        (models.ItemNote(item_id=ID, kind="discarded"), f"{ID} discarded"),
    ],
    ids=lambda value: value._meta.model_name if isinstance(value, Model) else None,
)
def test_names(row, name):
    """A row's name tells one from another, and no more of a client's id than its end."""
    assert str(row) == name


@pytest.mark.django_db
def test_partial_indexes():
    """Django's warning that MariaDB has none, which nobody can do anything about, is not passed on."""
    assert models.SyncItem.check(databases=["default"]) == []
