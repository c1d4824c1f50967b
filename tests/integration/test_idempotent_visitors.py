"""Requests with a key that a visitor has sent, and that are sent again when the visitor has signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from django_bgsync.models import SyncClient
from django_bgsync.owners import Owner
from tests.deliveries import Device
from tests.orders import client_header, effects, only_row, order, refusal, seen


@pytest.fixture(autouse=True)
def everybody_may_sync(settings: Any) -> None:
    settings.BGSYNC = {"PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}


def again(device: Device, visitor: Device, **options: Any) -> Any:
    """The same request as this device sends it, for the visitor that it was before."""
    key = Owner(None, visitor=UUID(visitor.id)).key
    return order(device, headers={**client_header(visitor), "BGSync_Owner": key}, **options)


def test_answer_was_lost(visitor: Device, device: Device) -> None:
    """What ran for the visitor does not run again for the user; the answer is the same."""
    first = order(visitor, headers=client_header(visitor))

    assert seen(again(device, visitor)) == seen(first)
    assert effects() == 1


def test_never_arrived(visitor: Device, device: Device, user: Any) -> None:
    """It runs once, for the user, under the visitor's name."""
    assert [again(device, visitor).status_code for _ in range(2)] == [201, 201]
    assert (only_row().owner, only_row().user_id, effects()) == (f"c:{visitor.id}", user.pk, 1)


def test_another_user(visitor: Device, device: Device, other: Device) -> None:
    """The visitor is the first user who brings the requests, and nobody else."""
    order(visitor, headers=client_header(visitor))
    again(device, visitor)

    refused = again(other, visitor)
    assert refusal(refused) == (409, "wrong_owner")
    assert refused.json()["owner"] == other.owner_key
    assert effects() == 1


def test_signed_out_again(visitor: Device, device: Device) -> None:
    """A visitor who has become a user is nobody without that user's session."""
    again(device, visitor)

    assert refusal(order(visitor, headers=client_header(visitor))) == (409, "wrong_owner")
    assert [client.user_id for client in SyncClient.objects.filter(client_id=visitor.id)] == [device.user.pk]
