"""Visitors who have become users: whose their items are by the time that they are tried."""

from __future__ import annotations

from collections.abc import Iterable

from django_bgsync import database
from django_bgsync.models import BOUND, SyncClient, SyncItem
from django_bgsync.rows import ledger


def find_users(rows: Iterable[SyncItem]) -> None:
    """Give rows that the transaction has locked the user that their visitor has become, since they were read or while
    they were on their way into the database.
    """
    of_visitors = [row for row in rows if row.user_id is None and row.client_id and row.owner.startswith("c:")]
    if not of_visitors:
        return
    bound = SyncClient.objects.using(database.alias()).filter(BOUND, pk__in={row.client_id for row in of_visitors})
    for client_id, user_id in bound.values_list("pk", "user_id"):
        theirs = [row for row in of_visitors if row.client_id == client_id]
        ledger.items().filter(pk__in=[row.pk for row in theirs], user=None).update(user=user_id)
        for row in theirs:
            row.user_id = user_id
