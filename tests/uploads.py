"""Deliveries with files, as a browser's FormData sends them."""

from __future__ import annotations

import json
from typing import Any

from tests.deliveries import DELIVERIES, Device

BOUNDARY = "----bgsync"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
Part = tuple[str, str | None, bytes]
"""Name, file name (None for a field), content."""


def form(*parts: Part, end: bytes = b"--") -> bytes:
    return b"".join(map(render, parts)) + f"--{BOUNDARY}".encode() + end + b"\r\n"


def render(part: Part) -> bytes:
    name, filename, content = part
    named = f'; filename="{filename}"\r\nContent-Type: image/png' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def parts_of(document: Any, *files: tuple[dict[str, Any], str, bytes]) -> list[Part]:
    """The parts of an envelope and its files: (item, name, content)."""
    envelope: Part = ("envelope", None, json.dumps(document).encode())
    return [envelope, *((f"{item['id']}/{name}", f"{name}.png", content) for item, name, content in files)]


def post_form(device: Device, body: bytes, content_type: str = MULTIPART, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return device.http.generic("POST", DELIVERIES, body, content_type, headers=named)


def upload(device: Device, *items: Any, files: Any = (), **members: Any) -> Any:
    """Deliver items with files: (item, name, content) each."""
    return post_form(device, form(*parts_of(device.envelope(*items, **members), *files)))
