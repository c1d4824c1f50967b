"""Conversations with clients of earlier releases, as they were recorded: `fixtures/old_clients/<release>/*.json`.

A recorded answer is never changed. What is made here of requests (placeholders become the values of today) and of
answers (values of today become placeholders) is all that may differ from one run to the next.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from django_bgsync.models import SyncClient, SyncTag
from tests.deliveries import Device
from tests.uploads import MULTIPART, form

RECORDED = Path(__file__).parent / "fixtures" / "old_clients"
HEADERS = ("Content-Type", "X-BGSync", "Cache-Control", "Retry-After", "WWW-Authenticate")
VOLATILE = {"delivery", "server_time", "csrf_token", "tags", "feeds"}
"""Members that are others each time, or name whatever the tests have. Of owners' keys it matters which are the same:
they are numbered.
"""
TIMED = {"retrying", "throttled"}
"""Codes whose `retry_after` depends on the moment or on chance."""
OF_HANDLERS = {"rejected", "sold_out", "conflict"}
"""Codes whose words come from the project. Our own sentences are for people, and may get better."""


class Conversation:
    """What was said, step by step. `play` says the client's part again, and returns the server's part of today."""

    def __init__(self, document: dict[str, Any], users: dict[str, Any]) -> None:
        self.document = document
        self.users = users
        self.owners: list[str] = []
        self.device = Device()

    def play(self) -> list[Any]:
        return [answer for step in self.document["steps"] if (answer := self._take(step)) is not None]

    def _take(self, step: dict[str, Any]) -> Any:
        if "request" in step:
            return self._answer(step["request"])
        for name, value in step.items():
            getattr(self, f"_{name}")(value)
        return None

    def _login(self, name: str | None) -> None:
        if name is None:
            self.device.http.logout()
        else:
            self.device.http.force_login(self.users[name])

    def _tag(self, change: dict[str, str]) -> None:
        SyncTag.objects.update_or_create(pk=change["name"], defaults={"state": change["state"]})

    def _revoke(self, client: str) -> None:
        assert SyncClient.objects.filter(client_id=client).update(revoked_at="2026-11-20T10:00:00Z") == 1

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        headers = {name: self._of_today(value) for name, value in request.get("headers", {}).items()}
        body, content_type = self._body(request)
        said = self.device.http.generic(request["method"], request["path"], body, content_type, headers=headers)
        document = self._without_today(json.loads(said.content))
        found = {name: said[name] for name in HEADERS if name in said}
        if document.get("code") in TIMED and "Retry-After" in found:
            found["Retry-After"] = "<seconds>"
        return {"status": said.status_code, "headers": found, "body": document}

    def _body(self, request: dict[str, Any]) -> tuple[bytes, str]:
        if "parts" in request:
            parts = [(name, filename, self._of_today(text).encode()) for name, filename, text in request["parts"]]
            return form(*parts), MULTIPART
        text = request["text"] if "text" in request else json.dumps(request.get("json", {}))
        body = self._of_today(text).encode()
        is_compressed = request.get("headers", {}).get("Content-Encoding") == "gzip"
        return gzip.compress(body) if is_compressed else body, "application/json"

    def _of_today(self, text: str) -> str:
        for number, owner in enumerate(self.owners):
            text = text.replace(f"<owner {number}>", owner)
        return text

    def _without_today(self, value: Any, code: str = "") -> Any:
        if isinstance(value, list):
            return [self._without_today(inner, code) for inner in value]
        if not isinstance(value, dict):
            return value
        code = value.get("code", code)
        return {name: self._member(name, inner, code) for name, inner in value.items()}

    def _member(self, name: str, value: Any, code: str) -> Any:
        if name in VOLATILE:
            return f"<{name}>"
        if name == "owner" and value is not None:
            if value not in self.owners:
                self.owners.append(value)
            return f"<owner {self.owners.index(value)}>"
        if name == "retry_after" and value is not None and code in TIMED:
            return "<seconds>"
        if name in ("detail", "title") and code not in OF_HANDLERS:
            return f"<{name}>"
        return self._without_today(value, code)


def differences(recorded: Any, found: Any, place: str = "") -> list[str]:
    """Where an answer of today is not the recorded one. Members that are new do no harm: old clients pass over them."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        missing = [f"{place}.{name} is missing" for name in recorded if name not in found]
        shared = [name for name in recorded if name in found]
        return missing + [
            line for name in shared for line in differences(recorded[name], found[name], f"{place}.{name}")
        ]
    if isinstance(recorded, list) and isinstance(found, list) and len(recorded) == len(found):
        pairs = enumerate(zip(recorded, found, strict=True))
        return [line for number, pair in pairs for line in differences(*pair, f"{place}[{number}]")]
    is_same = type(recorded) is type(found) and recorded == found
    return [] if is_same else [f"{place} was {recorded!r} and is {found!r}"]
