"""What the server remembers: tags, clients, items, deliveries, attempts and pulls of feeds.

The item's own row is the only truth; everything else is history. No database constraint points at the large tables, so
that they can be partitioned and pruned; `on_delete=DO_NOTHING` says the same to Django.
"""

from __future__ import annotations

from django_bgsync.models.clients import BOUND, REVOKED, SKEWED, SyncClient
from django_bgsync.models.columns import MAX_CODE, MAX_EXCEPTION, MAX_OWNER, MAX_TAG, loose_key
from django_bgsync.models.feeds import FeedPull
from django_bgsync.models.figures import HourlyStat, Watermark
from django_bgsync.models.heartbeats import Heartbeat
from django_bgsync.models.history import Delivery, DeliveryAttempt
from django_bgsync.models.items import STORM, ConflictingCopy, StoredFile, SyncItem
from django_bgsync.models.operations import ItemNote, OperatorAction
from django_bgsync.models.owners import OwnerSalt, new_salt
from django_bgsync.models.remains import PurgedRange, Tombstone
from django_bgsync.models.tags import SyncTag

__all__ = [
    "BOUND",
    "MAX_CODE",
    "MAX_EXCEPTION",
    "MAX_OWNER",
    "MAX_TAG",
    "REVOKED",
    "SKEWED",
    "STORM",
    "ConflictingCopy",
    "Delivery",
    "DeliveryAttempt",
    "FeedPull",
    "Heartbeat",
    "HourlyStat",
    "ItemNote",
    "OperatorAction",
    "OwnerSalt",
    "PurgedRange",
    "StoredFile",
    "SyncClient",
    "SyncItem",
    "SyncTag",
    "Tombstone",
    "Watermark",
    "loose_key",
    "new_salt",
]
