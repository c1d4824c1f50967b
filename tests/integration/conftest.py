"""Two people and their devices."""

from __future__ import annotations

from typing import Any

import pytest

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
