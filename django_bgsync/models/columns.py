"""What columns of several models have in common."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage
from django.db import models

MAX_CODE = 64
MAX_EXCEPTION = 100
MAX_OWNER = 255
MAX_TAG = 255


class PartlyIndexed(models.Model):
    """Has indexes of some of its rows."""

    class Meta:
        abstract = True

    @classmethod
    def check(cls, **kwargs: Any) -> list[CheckMessage]:
        # W037 says that MariaDB fills the partial indexes with all rows. It does, and they serve as well.
        return [message for message in super().check(**kwargs) if message.id != "models.W037"]


def loose_key(to: Any, **options: Any) -> models.ForeignKey[Any, Any]:
    """A foreign key without a constraint and without an index of its own."""
    options = {
        "db_constraint": False,
        "db_index": False,
        "on_delete": models.DO_NOTHING,
        "related_name": "+",
        **options,
    }
    return models.ForeignKey(to, **options)
