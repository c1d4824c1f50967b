"""Owners whose users have uuids; see tests/integration/test_uuid_user.py, which runs this among other tests."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from tests.deliveries import Device, make_item, row_of


@pytest.mark.django_db
def test_reference_of_a_uuid() -> None:
    """It is the uuid as text, whatever the database makes of it: a replay from a new session finds its row."""
    user: Any = get_user_model().objects.create_user("ada", pk=uuid.UUID("2b4f9c0e-93a1-4c58-8a55-0f3f7bb1f001"))
    item = make_item("mirror")
    Device(user).send(item)
    loaded = get_user_model().objects.get(username="ada")

    assert Device(loaded).send(item)[0]["replayed"] is True
    assert (row_of(item).owner, row_of(item).user_id) == ("u:2b4f9c0e-93a1-4c58-8a55-0f3f7bb1f001", user.pk)
