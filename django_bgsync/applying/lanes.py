"""Lanes: rows of items of one owner on one client, in which none overtakes another.

An item names the one before it (`after`). While that one is not finished, the item is held; when it finishes, the item
is released. Both sides look at the other again after they committed, so that neither can miss the other's change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from django.utils import timezone

from django_bgsync.enums import Code, ItemState
from django_bgsync.identity import item_key
from django_bgsync.models import SyncItem
from django_bgsync.rows.ledger import items


def predecessor(row: SyncItem) -> UUID | None:
    """The primary key of the item before this one in its lane."""
    return item_key(row.owner, row.after) if row.after is not None and row.lane else None


def blocking(rows: Iterable[SyncItem]) -> set[UUID]:
    """Which of the items before these are not finished, by primary key."""
    pks = {pk for row in rows if (pk := predecessor(row)) is not None}
    return set(items().blocking().filter(pk__in=pks).values_list("pk", flat=True)) if pks else set()


def blocks(row: SyncItem) -> bool:
    return not row.is_finished or (row.state == ItemState.REJECTED and row.code == Code.DEAD)


def release(rows: Collection[SyncItem]) -> list[UUID]:
    """Let those go that were held behind these items, as far as these are finished. Returns their primary keys.

    `after` names an item id, so the owner is compared, too: ids are not unique between owners.
    """
    finished = {(row.owner, row.item_id) for row in rows if row.lane and not blocks(row)}
    if not finished:
        return []
    held = items().filter(state=ItemState.HELD, after__in={item_id for _owner, item_id in finished})
    freed = [pk for pk, owner, after in held.values_list("pk", "owner", "after") if (owner, after) in finished]
    return _free(freed)


def look_again(rows: Collection[SyncItem]) -> list[UUID]:
    """After holding items: release those whose predecessor finished meanwhile. Returns their primary keys."""
    held = [row for row in rows if row.state == ItemState.HELD]
    if not held:
        return []
    unfinished = blocking(held)
    return _free([row.pk for row in held if predecessor(row) not in unfinished])


def _free(pks: list[UUID]) -> list[UUID]:
    if pks:
        # Not under the hands of one who has claimed it: that one looks at its predecessor, and again after a hold.
        held = items().filter(pk__in=pks, state=ItemState.HELD, claimed_at=None)
        held.update(state=ItemState.RECEIVED, code="", next_at=timezone.now())
    return pks
