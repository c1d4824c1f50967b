"""Sending items as a device does."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

from django.conf import settings
from django.test import Client
from django.urls import get_script_prefix, reverse

from django_bgsync.enums import Outcome, Status
from django_bgsync.identity import uuid7
from django_bgsync.models import DeliveryAttempt
from django_bgsync.protocol import PROTOCOL
from django_bgsync.rows import ledger

LONGEST = 1000
"""Characters of an answer in an error: a debug page has a thousand lines."""
_devices: WeakKeyDictionary[Client, UUID] = WeakKeyDictionary()


def replay(client: Client, /, *items: dict[str, Any], **envelope: Any) -> list[dict[str, Any]]:
    """Deliver items, and return the server's result for each.

    An item needs `tag` and `payload`. One without `id` is given one, which stays in the dict: delivering it again is a
    replay. `envelope` are further members of the delivery. Each test client is one device.
    """
    for item in items:
        item.setdefault("id", str(uuid7()))
    device = {"id": str(_devices.setdefault(client, uuid4()))}
    document = {"protocol": PROTOCOL, "client": device, "items": list(items), **envelope}
    path = "/" + reverse("django_bgsync:deliveries").removeprefix(get_script_prefix())
    response = client.post(path, document, content_type="application/json", secure=settings.SECURE_SSL_REDIRECT)
    if response.status_code != 200:
        said = response.get("Location") or response.content.decode()[:LONGEST]
        raise AssertionError(f"The delivery was refused with {response.status_code}: {said}")
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def assert_applied_once(client: Client, /, *items: dict[str, Any], **envelope: Any) -> list[dict[str, Any]]:
    """Deliver items twice, be they new or not. Each has to be applied, by one try, and answered the same both times.

    Returns the results. That the effect is there once is for your test to see, in your own tables.
    """
    first, again = (replay(client, *items, **envelope) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        if other["status"] != Status.APPLIED:
            raise AssertionError(f"Not applied: {other}. Its history: {_history(other['id'])}")
        if one["status"] == Status.APPLIED and {**one, "replayed": True} != other:
            raise AssertionError(f"Answered {one} first, and {other} when it was delivered again.")
        if (tries := _history(other["id"]).count(Outcome.APPLIED)) != 1:
            raise AssertionError(f"Applied {tries} times: {other}")
    return again


def _history(item_id: str) -> list[str]:
    pks = ledger.items().filter(item_id=item_id).values_list("pk")
    attempts = DeliveryAttempt.objects.filter(item__in=pks).order_by("number")
    return list(attempts.values_list("outcome", flat=True))
