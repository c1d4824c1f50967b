"""Typed access to the members of a JSON object that somebody else sent. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django_bgsync.exceptions import InvalidEnvelope
from django_bgsync.identity import numbered

MAX_NAME = 100
MAX_COUNT = 2**31 - 1
MAX_INTEGER = 2**53 - 1  # Number.MAX_SAFE_INTEGER: beyond it JavaScript cannot count
_UUID = re.compile(r"(?!.{14}8.{4}80)[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def is_uuid(value: object) -> bool:
    """Only the canonical 36 characters: `uuid.UUID` itself also takes braces, URNs and missing hyphens.

    Not version 8 with the ninth byte 0x80: MariaDB (10.11) cannot store it.
    """
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


class Fields:
    """A JSON object, read member by member; absent and null are the same. Every method raises InvalidEnvelope."""

    def __init__(self, value: Any, what: str) -> None:
        if not isinstance(value, dict):
            raise InvalidEnvelope(f"{what} must be a JSON object.")
        self._members: dict[str, Any] = value

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __getitem__(self, name: str) -> Any:
        return self._members.get(name)

    def uuid(self, name: str) -> UUID:
        value = self._members.get(name)
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise InvalidEnvelope(f"{name} must be a UUID of 36 characters.")
        return numbered(int(value.replace("-", ""), 16))

    def optional_uuid(self, name: str) -> UUID | None:
        return None if self._members.get(name) is None else self.uuid(name)

    def string(self, name: str) -> str:
        value = self._members.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > MAX_NAME:
            raise InvalidEnvelope(f"{name} must be a string of at most {MAX_NAME} characters.")
        return value

    def choice(self, name: str, allowed: Collection[str]) -> str:
        value = self._members.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or value not in allowed:
            raise InvalidEnvelope(f"{name} must be one of {', '.join(allowed)}.")
        return value

    def integer(self, name: str, *, maximum: int = MAX_INTEGER) -> int | None:
        value = self._members.get(name)
        if value is None:
            return None
        # bool is an int to Python and not to JSON.
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= maximum:
            raise InvalidEnvelope(f"{name} must be an integer from 0 to {maximum}.")
        return value

    def count(self, name: str) -> int:
        return self.integer(name, maximum=MAX_COUNT) or 0

    def boolean(self, name: str) -> bool:
        value = self._members.get(name)
        if value is not None and not isinstance(value, bool):
            raise InvalidEnvelope(f"{name} must be true or false.")
        return bool(value)

    def mapping(self, name: str) -> dict[str, Any]:
        value = self._members.get(name)
        if value is not None and not isinstance(value, dict):
            raise InvalidEnvelope(f"{name} must be a JSON object.")
        return value or {}

    def sequence(self, name: str) -> list[Any]:
        value = self._members.get(name)
        if value is not None and not isinstance(value, list):
            raise InvalidEnvelope(f"{name} must be a list.")
        return value or []

    def instant(self, name: str) -> datetime | None:
        """An ISO 8601 date and time as aware UTC; one without an offset is taken as UTC."""
        value = self._members.get(name)
        if value is None:
            return None
        try:
            instant = datetime.fromisoformat(value)
            return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
        except (TypeError, ValueError, OverflowError):
            raise InvalidEnvelope(f"{name} must be an ISO 8601 date and time.") from None
