"""Items, and what came with them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_bgsync.enums import Code, Hand, ItemState
from django_bgsync.identity import uuid7
from django_bgsync.models.clients import SyncClient
from django_bgsync.models.columns import MAX_CODE, MAX_EXCEPTION, MAX_OWNER, PartlyIndexed, loose_key
from django_bgsync.models.tags import SyncTag
from django_bgsync.querysets import ItemQuerySet
from django_bgsync.storage import file_path, private_storage

STORM = models.Q(replays__gte=10)
"""Sent again in ten different minutes: its client does not hear the answer."""
_PARKED = models.Q(state__in=[ItemState.REJECTED, ItemState.CONFLICT])
_STUCK = models.Q(state__in=[ItemState.WAITING, ItemState.HELD, ItemState.REJECTED, ItemState.CONFLICT])
_UNFINISHED = tuple(state.value for state in ItemState.unfinished())


class SyncItem(PartlyIndexed):
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
    after = models.UUIDField(_("after"), null=True)
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
    exception = models.CharField(
        _("exception"), max_length=MAX_EXCEPTION, blank=True, help_text=_("Its class, if the last try raised one.")
    )
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
    next_at = models.DateTimeField(_("next at"), null=True, help_text=_("When somebody must look again."))
    finished_at = models.DateTimeField(_("finished at"), null=True)
    replays = models.PositiveIntegerField(_("replays"), default=0, help_text=_("Counted at most once a minute."))
    last_replay_at = models.DateTimeField(_("last replay at"), null=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        permissions = (
            ("retry_syncitem", _("Can retry items")),
            ("discard_syncitem", _("Can discard items")),
            ("release_syncitem", _("Can release held items")),
            ("view_payload", _("Can view what items hold")),
        )
        ordering = ("-received_at", "-id")
        indexes = (
            models.Index(fields=["tag", "received_at"], name="bgsync_item_tag"),
            models.Index(fields=["client", "received_at"], name="bgsync_item_client"),
            # Most items are finished, and in no lane: these have no place for them (except on MariaDB).
            models.Index(fields=["tag", "next_at"], name="bgsync_item_due", condition=models.Q(next_at__isnull=False)),
            models.Index(
                fields=["owner", "received_at"],
                name="bgsync_item_not_applied",
                condition=~models.Q(state=ItemState.APPLIED),
            ),
            models.Index(fields=["after"], name="bgsync_item_after", condition=models.Q(after__isnull=False)),
            models.Index(fields=["received_at"], name="bgsync_item_received"),
            models.Index(
                fields=["owner", "received_at"], condition=models.Q(client=None), name="bgsync_item_clientless"
            ),
            # Those that are neither on their way nor applied: what operators look for, and few pass through it.
            models.Index(fields=["state", "received_at"], condition=_STUCK, name="bgsync_item_state_list"),
            models.Index(fields=["tag", "state", "received_at"], condition=_STUCK, name="bgsync_item_tag_state_list"),
            models.Index(fields=["code", "received_at"], condition=_PARKED, name="bgsync_item_code_list"),
            models.Index(
                fields=["tag", "code", "received_at", "exception", "finished_at"],
                condition=_PARKED,
                name="bgsync_item_causes",
            ),
            models.Index(
                fields=["owner", "client", "lane"],
                condition=models.Q(state=ItemState.HELD),
                name="bgsync_item_held",
            ),
            models.Index(
                fields=["owner", "client", "lane", "tag", "exception"],
                condition=models.Q(state=ItemState.REJECTED, code=Code.DEAD) & ~models.Q(lane=""),
                name="bgsync_item_dead",
            ),
            models.Index(fields=["last_replay_at"], condition=STORM, name="bgsync_item_storm"),
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
