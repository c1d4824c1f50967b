"""Two people and their devices, and handlers of a test's own."""

from __future__ import annotations

from typing import Any

import pytest

from django_bgsync.handlers import registry, sync_handler
from tests.deliveries import Device


@pytest.fixture
def user(db: None, django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ada", password="ada")


@pytest.fixture
def device(user: Any) -> Device:
    return Device(user)


@pytest.fixture
def other(db: None, django_user_model: Any) -> Device:
    """A device of somebody else."""
    return Device(django_user_model.objects.create_user("bob", password="bob"))


@pytest.fixture
def visitor(db: None) -> Device:
    """A device without a session."""
    return Device()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`sync_handler`, for handlers that are gone after the test."""
    monkeypatch.setattr(registry, "_entries", {**registry._entries})
    return sync_handler
