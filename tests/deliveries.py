"""Sending items as our client does, and reading what became of them in the database."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from django_bgsync.identity import uuid7
from django_bgsync.models import DeliveryAttempt, SyncItem
from tests.app.models import Effect

DELIVERIES = "/bgsync/v1/deliveries/"
ITEMS = "/bgsync/v1/items/"
SESSION = "/bgsync/v1/session/"

LIMITS = {
    "max_items": 100,
    "max_bytes": 1048576,
    "max_item_bytes": 262144,
    "max_files": 20,
    "max_file_bytes": 10485760,
    "max_delivery_file_bytes": 52428800,
}
DISPOSITIONS = {
    "applied": "done",
    "accepted": "wait",
    "rejected": "park",
    "conflict": "park",
    "expired": "park",
    "deferred": "retry",
}
LONG_AGO = timedelta(hours=1)


def make_item(tag: str = "note", payload: Any = None, **members: Any) -> dict[str, Any]:
    return {"id": str(uuid7()), "tag": tag, "payload": payload, **members}


def script(*steps: str, **members: Any) -> dict[str, Any]:
    """An item whose handler does at each try what the steps say; see tests/app/steps.py."""
    return make_item("script", list(steps), **members)


def result(item: dict[str, Any] | str, status: str = "applied", code: str = "ok", **members: Any) -> dict[str, Any]:
    """The whole result object of an item."""
    return {
        "id": item if isinstance(item, str) else item["id"],
        "status": status,
        "disposition": DISPOSITIONS[status],
        "code": code,
        "replayed": False,
        "result": None,
        "retry_after": None,
        "problem": None,
        **members,
    }


class Device:
    """One browser profile with a session, or without one."""

    def __init__(self, user: Any = None, **options: Any) -> None:
        self.id = str(uuid.uuid4())
        self.user = user
        self.http = Client(raise_request_exception=False, **options)
        if user is not None:
            self.http.force_login(user)

    def envelope(self, *items: Any, **members: Any) -> dict[str, Any]:
        return {"protocol": 1, "client": {"id": self.id}, "items": list(items), **members}

    def post(self, path: str, document: Any, **headers: str) -> Any:
        """Send a document, or bytes as they are. Underscores in the names of headers become hyphens."""
        body = document if isinstance(document, bytes) else json.dumps(document)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, body, content_type="application/json", headers=named)

    def deliver(self, *items: Any, **members: Any) -> Any:
        return self.post(DELIVERIES, self.envelope(*items, **members))

    def send(self, *items: Any, **members: Any) -> list[dict[str, Any]]:
        """Deliver items; their results."""
        return read(self.deliver(*items, **members))["results"]

    def ask(self, *items: dict[str, Any]) -> list[dict[str, Any]]:
        """What is settled of items that were sent before."""
        return read(self.deliver(awaiting=[item["id"] for item in items]))["settled"]

    @property
    def owner_key(self) -> str:
        return self.http.get(SESSION).json()["owner"]


def read(response: HttpResponse, status: int = 200) -> Any:
    """The JSON document of an answer that has that status."""
    assert response.status_code == status, response.content
    return json.loads(response.content)


def problem_of(response: HttpResponse) -> dict[str, Any]:
    """A problem document, after a look at what all of them have in common."""
    document = json.loads(response.content)
    assert (response["Content-Type"], response["X-BGSync"]) == ("application/problem+json", "1")
    assert "no-store" in response["Cache-Control"]
    assert document["status"] == response.status_code
    assert {type(document[name]) for name in ("title", "detail")} == {str}
    return document


def code_of(response: HttpResponse) -> tuple[int, str]:
    return response.status_code, problem_of(response)["code"]


def row_of(item: dict[str, Any]) -> SyncItem:
    return SyncItem.objects.get(item_id=item["id"])


def history_of(item: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    """Number, hand, outcome and code of each attempt."""
    attempts = DeliveryAttempt.objects.filter(item__item_id=item["id"]).order_by("number")
    return list(attempts.values_list("number", "hand", "outcome", "code"))


def effects_of(item: dict[str, Any]) -> int:
    return Effect.objects.filter(item=item["id"]).count()


def make_due(item: dict[str, Any]) -> None:
    """Let the wait of an item be over."""
    changed = SyncItem.objects.filter(item_id=item["id"]).update(next_at=timezone.now() - LONG_AGO)
    assert changed == 1


def age_claim(item: dict[str, Any], by: timedelta = LONG_AGO) -> None:
    """Let the process that works on an item have been silent for so long."""
    changed = SyncItem.objects.filter(item_id=item["id"]).update(claimed_at=timezone.now() - by)
    assert changed == 1


def claim(item: dict[str, Any], since: timedelta = timedelta(0)) -> None:
    """Put an item into the state in which a process leaves it that took it and has not finished."""
    row = row_of(item)
    row.claimed_at = timezone.now() - since
    row.next_at = row.claimed_at
    row.attempts += 1
    row.save(update_fields=["claimed_at", "next_at", "attempts"])
