"""The stock admin, read-only: history is looked at, not edited."""

from django_bgsync.admin.attempts import DeliveryAttemptAdmin
from django_bgsync.admin.clients import SyncClientAdmin
from django_bgsync.admin.deliveries import DeliveryAdmin
from django_bgsync.admin.items import SyncItemAdmin
from django_bgsync.admin.operations import OperatorActionAdmin
from django_bgsync.admin.pulls import FeedPullAdmin
from django_bgsync.admin.tags import SyncTagAdmin

__all__ = [
    "DeliveryAdmin",
    "DeliveryAttemptAdmin",
    "FeedPullAdmin",
    "OperatorActionAdmin",
    "SyncClientAdmin",
    "SyncItemAdmin",
    "SyncTagAdmin",
]
