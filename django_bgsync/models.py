"""What the server remembers: tags, clients, items, deliveries and attempts.

The item's own row is the only truth; everything else is history. No database constraint points at the large tables, so
that they can be partitioned and pruned; `on_delete=DO_NOTHING` says the same to Django.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_bgsync.enums import Context, Hand, ItemState, Outcome, TagState, Trigger
from django_bgsync.identity import uuid7
from django_bgsync.querysets import ItemQuerySet, TagQuerySet
from django_bgsync.storage import file_path, private_storage

MAX_CODE = 64
MAX_OWNER = 255
MAX_TAG = 255
_UNFINISHED = tuple(state.value for state in ItemState.unfinished())


def new_salt() -> bytes:
    return secrets.token_bytes(32)


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


class OwnerSalt(models.Model):
    """The random salt of the owner keys that devices see: one row, made once, never changed."""

    salt = models.BinaryField(default=new_salt, editable=False)

    class Meta:
        verbose_name = _("owner salt")

    def __str__(self) -> str:
        return "owner salt"


class SyncTag(models.Model):
    """The name of a sync. Handlers live in code; the row is what operators see and change."""

    name = models.CharField(_("name"), max_length=MAX_TAG, primary_key=True)
    state = models.CharField(_("state"), max_length=16, choices=TagState.choices, default=TagState.OPEN)
    reason = models.CharField(_("reason"), max_length=255, blank=True, help_text=_("Why it is paused or closed."))
    first_seen = models.DateTimeField(_("first seen"), auto_now_add=True)

    objects = TagQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class SyncClient(models.Model):
    """One browser profile on one device, as seen by one owner."""

    id = models.UUIDField(primary_key=True, editable=False)
    client_id = models.UUIDField(_("client id"))
    owner = models.CharField(_("owner"), max_length=MAX_OWNER)
    user = loose_key(settings.AUTH_USER_MODEL, null=True, verbose_name=_("user"))
    label = models.CharField(_("label"), max_length=100, blank=True)
    user_agent = models.CharField(_("user agent"), max_length=255, blank=True)
    app_version = models.CharField(_("app version"), max_length=100, blank=True)
    worker_version = models.CharField(_("worker version"), max_length=100, blank=True)
    capabilities = models.JSONField(_("capabilities"), default=dict)
    outbox = models.JSONField(_("outbox"), default=dict, help_text=_("What the device says it still holds."))
    clock_offset_ms = models.BigIntegerField(_("clock offset (ms)"), null=True, help_text=_("Server minus device."))
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"), db_index=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        ordering = ("-last_seen",)
        indexes = (models.Index(fields=["owner"], name="bgsync_client_owner"),)

    def __str__(self) -> str:
        return self.label or str(self.client_id)[:8]


class SyncItem(models.Model):
    """One thing a user did that must reach the server: receipt, state and result in one row.

    The primary key is derived from owner and item id (`identity.item_key`), so the unique index is the deduplication.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    item_id = models.UUIDField(_("item id"), db_index=True)
    owner = models.CharField(_("owner"), max_length=MAX_OWNER)
    user = loose_key(settings.AUTH_USER_MODEL, null=True, verbose_name=_("user"))
    client = loose_key(SyncClient, null=True, verbose_name=_("client"))
    tag = loose_key(SyncTag, verbose_name=_("tag"))
    delivery = loose_key("Delivery", null=True, verbose_name=_("delivery"))
    lane = models.CharField(_("lane"), max_length=100, blank=True)
    after = models.UUIDField(_("after"), null=True, db_index=True)
    seq = models.BigIntegerField(_("seq"), null=True)
    fingerprint = models.CharField(_("fingerprint"), max_length=80)
    payload = models.TextField(_("payload"), null=True)  # noqa: DJ001 - NULL: removed by retention
    size = models.PositiveIntegerField(_("bytes"))
    file_count = models.PositiveSmallIntegerField(_("files"), default=0)
    created_at = models.DateTimeField(
        _("created at"), null=True, help_text=_("On the device, corrected for its clock.")
    )
    received_at = models.DateTimeField(_("received at"))
    state = models.CharField(_("state"), max_length=16, choices=ItemState.choices, default=ItemState.RECEIVED)
    code = models.CharField(_("code"), max_length=MAX_CODE, blank=True)
    result = models.TextField(_("result"), null=True)  # noqa: DJ001 - NULL: none; the empty text is not JSON
    problem = models.TextField(_("problem"), null=True)  # noqa: DJ001 - as above
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    failures = models.PositiveIntegerField(
        _("failures"), default=0, help_text=_("Attempts that count towards the limit.")
    )
    lost = models.PositiveIntegerField(_("lost"), default=0, help_text=_("Attempts whose process ended before them."))
    retry = models.PositiveIntegerField(_("retry"), default=0, help_text=_("How often the user asked to try again."))
    reopened_at = models.DateTimeField(_("reopened at"), null=True)
    claimed_at = models.DateTimeField(_("claimed at"), null=True)
    claimed_by = models.CharField(_("claimed by"), max_length=16, choices=Hand.choices, blank=True)
    next_at = models.DateTimeField(
        _("next at"), null=True, db_index=True, help_text=_("When somebody must look again.")
    )
    finished_at = models.DateTimeField(_("finished at"), null=True)
    replays = models.PositiveIntegerField(_("replays"), default=0, help_text=_("Counted at most once a minute."))
    last_replay_at = models.DateTimeField(_("last replay at"), null=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        ordering = ("-received_at", "-id")
        indexes = (
            models.Index(fields=["tag", "received_at"], name="bgsync_item_tag"),
            models.Index(fields=["client", "received_at"], name="bgsync_item_client"),
            models.Index(fields=["owner", "received_at"], name="bgsync_item_owner"),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=ItemState.values), name="bgsync_item_state"),
        )

    def __str__(self) -> str:
        return str(self.item_id)

    @property
    def is_finished(self) -> bool:
        return self.state not in _UNFINISHED


class ConflictingCopy(models.Model):
    """The other content that came under an item's id. Nothing was run with it; the first such copy is kept."""

    item = models.OneToOneField(
        SyncItem, models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False, verbose_name=_("item")
    )
    fingerprint = models.CharField(_("fingerprint"), max_length=80)
    payload = models.TextField(_("payload"))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("conflicting copy")
        verbose_name_plural = _("conflicting copies")
        ordering = ("-received_at",)

    def __str__(self) -> str:
        return str(self.pk)


class StoredFile(models.Model):
    """A file that came with an item. Without an item it is an orphan: its bytes were saved, but no receipt followed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    item = loose_key(SyncItem, null=True, verbose_name=_("item"))
    name = models.CharField(_("name"), max_length=100, help_text=_("What the item calls it."))
    file = models.FileField(_("file"), storage=private_storage, upload_to=file_path, max_length=255)
    filename = models.CharField(_("file name"), max_length=255, blank=True)
    content_type = models.CharField(_("content type"), max_length=100, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"))
    digest = models.CharField(_("SHA-256"), max_length=64)
    saved_at = models.DateTimeField(_("saved at"))

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ("-saved_at", "-id")
        indexes = (models.Index(fields=["item"], name="bgsync_file_item"),)

    def __str__(self) -> str:
        return self.name


class Tombstone(models.Model):
    """What is left of an item whose id no purged range covers: enough to know a replay."""

    id = models.UUIDField(primary_key=True, editable=False)
    fingerprint = models.CharField(_("fingerprint"), max_length=80)
    buried_at = models.DateTimeField(_("buried at"))

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")

    def __str__(self) -> str:
        return str(self.pk)


class PurgedRange(models.Model):
    """Ids minted before `cutoff` that have no row were purged, and are never run again. One row; it never goes back."""

    cutoff = models.DateTimeField(_("cutoff"))

    class Meta:
        verbose_name = _("purged range")
        verbose_name_plural = _("purged ranges")

    def __str__(self) -> str:
        return self.cutoff.isoformat()


class Heartbeat(models.Model):
    """When a sweeper or a worker was last seen alive."""

    name = models.CharField(_("name"), max_length=16, primary_key=True)
    beat_at = models.DateTimeField(_("last beat"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One HTTP request that brought something new: when, from where, and why the client sent it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.CharField(_("owner"), max_length=MAX_OWNER)
    client = loose_key(SyncClient, null=True, verbose_name=_("client"))
    trigger = models.CharField(_("trigger"), max_length=16, choices=Trigger.choices, blank=True)
    sync_tag = models.CharField(_("sync tag"), max_length=100, blank=True)
    last_chance = models.BooleanField(_("last chance"), default=False)
    context = models.CharField(_("context"), max_length=16, choices=Context.choices, blank=True)
    items = models.PositiveIntegerField(_("items"))
    sent_at = models.DateTimeField(_("sent at"), null=True, help_text=_("By the device's clock."))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-received_at", "-id")
        indexes = (
            models.Index(fields=["client", "received_at"], name="bgsync_delivery_client"),
            models.Index(fields=["received_at"], name="bgsync_delivery_received"),
        )

    def __str__(self) -> str:
        return str(self.pk)


class DeliveryAttempt(models.Model):
    """One try at one item. Written once, when the try ends; a `lost` one by whoever picks the item up next."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    item = loose_key(SyncItem, verbose_name=_("item"))
    tag = loose_key(SyncTag, verbose_name=_("tag"))
    client = loose_key(SyncClient, null=True, verbose_name=_("client"))
    delivery = loose_key(Delivery, null=True, verbose_name=_("delivery"))
    number = models.PositiveIntegerField(_("number"))
    hand = models.CharField(_("hand"), max_length=16, choices=Hand.choices)
    trigger = models.CharField(_("trigger"), max_length=16, choices=Trigger.choices, blank=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices)
    code = models.CharField(_("code"), max_length=MAX_CODE, blank=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), null=True)
    worker = models.CharField(_("worker"), max_length=100, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    traceback = models.TextField(_("traceback"), blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ("-started_at", "-id")
        indexes = (
            models.Index(fields=["item"], name="bgsync_attempt_item"),
            models.Index(fields=["tag", "started_at"], name="bgsync_attempt_tag"),
            models.Index(fields=["client", "started_at"], name="bgsync_attempt_client"),
        )

    def __str__(self) -> str:
        return f"{self.item_id} #{self.number}"
