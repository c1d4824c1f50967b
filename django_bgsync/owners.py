"""Who items belong to: the internal reference, and the opaque key that devices see."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django_bgsync import identity
from django_bgsync.models import OwnerSalt

SALT_ROW = 1
SALT_KEPT = 60
"""Seconds."""


@dataclass(frozen=True)
class Owner:
    """Whose items a request is about, and the user of its session, whom their handlers are given."""

    user: Any
    """Of the session; an AnonymousUser (or None) if nobody is signed in."""
    visitor: UUID | None = None
    """The client id, if the items are those of a visitor. It is a bearer secret."""

    @cached_property
    def user_id(self) -> Any:
        return getattr(self.user, "pk", None)

    @cached_property
    def reference(self) -> str:
        """`u:<primary key>` or `c:<client id>`: internal and stable, whatever becomes of SECRET_KEY."""
        return f"u:{self.user_id}" if self.visitor is None else f"c:{self.visitor}"

    @cached_property
    def key(self) -> str:
        """What devices see; see `identity.owner_key`."""
        return identity.owner_key(salt.get(), self.reference)

    @cached_property
    def session_key(self) -> str | None:
        """The key of the signed-in user; None if nobody is signed in."""
        if self.user_id is None:
            return None
        return self.key if self.visitor is None else Owner(self.user).key


class _Salt:
    """The salt, asked for once a minute: the row never changes, but a database may be put in the place of another."""

    read_at = -math.inf
    value = b""

    def get(self) -> bytes:
        if time.monotonic() - self.read_at > SALT_KEPT:
            # A migration makes the row; flushing a database in tests removes it.
            row, _ = OwnerSalt.objects.get_or_create(pk=SALT_ROW)
            self.value, self.read_at = bytes(row.salt), time.monotonic()
        return self.value


salt = _Salt()
