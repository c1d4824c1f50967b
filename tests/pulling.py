"""Asking for feeds as our client does."""

from __future__ import annotations

from typing import Any

from tests.deliveries import Device

FEEDS = "/bgsync/v1/feeds/"


def pull(device: Device, feed: str = "numbers", cursor: str | None = None, said: str = "", **headers: str) -> Any:
    """One page. `said` is what follows the client's id in its header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    query = {} if cursor is None else {"cursor": cursor}
    return device.http.get(f"{FEEDS}{feed}/", query, headers={"BGSync-Client": device.id + said, **named})
