"""The users of rows, who may be in another database than the items."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import Prefetch, QuerySet

from django_bgsync import database


def with_users(rows: QuerySet[Any]) -> QuerySet[Any]:
    """These rows, each with its `user`; None if that is gone."""
    users = get_user_model()
    alias = router.db_for_read(users)
    if alias == database.alias():
        return rows.select_related("user")
    return rows.prefetch_related(Prefetch("user", users._base_manager.using(alias)))
