"""Who items belong to: the internal reference, and the opaque key that devices see."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django_bgsync import identity
from django_bgsync.models import OwnerSalt

SALT_ROW = 1


@dataclass(frozen=True)
class Owner:
    """The owner that a session speaks for."""

    user: Any

    @property
    def reference(self) -> str:
        """`u:<primary key>`: internal and stable. Independent of SECRET_KEY, which may be rotated."""
        return f"u:{self.user.pk}"

    @cached_property
    def key(self) -> str:
        """What devices see; see `identity.owner_key`."""
        return identity.owner_key(_salt(), self.reference)


def _salt() -> bytes:
    # A migration makes the row; flushing a database in tests removes it.
    row, _ = OwnerSalt.objects.get_or_create(pk=SALT_ROW)
    return bytes(row.salt)
