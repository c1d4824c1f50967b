"""Sending requests with an idempotency key, and reading what became of them."""

from __future__ import annotations

from typing import Any

from django_bgsync.models import SyncItem
from tests.app.models import Effect
from tests.app.views import ORDER
from tests.deliveries import Device, history_of

KEY = '"5f1b6e1c-order-1"'


def order(device: Device, path: str = "json", data: Any = None, *, key: str | None = KEY, **options: Any) -> Any:
    """POST to a view of tests/app/views.py with that key, as a form."""
    named = {name.replace("_", "-"): value for name, value in options.pop("headers", {}).items()}
    headers = {**({"Idempotency-Key": key} if key is not None else {}), **named}
    return device.http.post(f"/orders/{path}/", data or {}, headers=headers, **options)


def seen(response: Any) -> tuple[int, str, bytes]:
    """What the client goes by: status, whether the server vouches for it, and the body."""
    return response.status_code, response.get("X-BGSync", ""), response.content


def refusal(response: Any) -> tuple[int, str]:
    """Status and code of a problem document, which the client takes for the server's word."""
    assert (response["Content-Type"], response["X-BGSync"]) == ("application/problem+json", "1")
    document = response.json()
    assert document["status"] == response.status_code
    return response.status_code, document["code"]


def effects() -> int:
    return Effect.objects.filter(item=ORDER).count()


def only_row() -> SyncItem:
    [row] = SyncItem.objects.all()
    return row


def tries() -> list[tuple[int, str, str, str]]:
    """Number, hand, outcome and code of each attempt."""
    return history_of({"id": only_row().item_id})


def client_header(device: Device) -> dict[str, str]:
    return {"BGSync_Client": device.id}
