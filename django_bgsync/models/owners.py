"""What makes owner keys opaque."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _


def new_salt() -> bytes:
    return secrets.token_bytes(32)


class OwnerSalt(models.Model):
    """The random salt of the owner keys that devices see: one row, made once, never changed."""

    salt = models.BinaryField(default=new_salt, editable=False)

    class Meta:
        verbose_name = _("owner salt")

    def __str__(self) -> str:
        return "owner salt"
