"""How rows name themselves, in the admin and in messages."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db.models import Model

from django_bgsync import models

ID = UUID("019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b11")


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (models.OwnerSalt(), "owner salt"),
        (models.SyncTag(name="post"), "post"),
        (models.SyncClient(client_id=ID), "019a9f2e"),
        (models.SyncClient(client_id=ID, label="Ada's phone"), "Ada's phone"),
        (models.SyncItem(item_id=ID), str(ID)),
        (models.Delivery(pk=ID), str(ID)),
        (models.DeliveryAttempt(item_id=ID, number=2), f"{ID} #2"),
    ],
    ids=lambda value: value._meta.model_name if isinstance(value, Model) else None,
)
def test_names(row, name):
    """A row's name tells one from another, and no more of a client's id than its beginning."""
    assert str(row) == name
