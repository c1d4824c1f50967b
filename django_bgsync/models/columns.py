"""What columns of several models have in common."""

from __future__ import annotations

from typing import Any

from django.db import models

MAX_CODE = 64
MAX_OWNER = 255
MAX_TAG = 255


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
