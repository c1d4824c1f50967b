"""What happened: deliveries and attempts."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_bgsync.enums import Context, Hand, Outcome, Trigger
from django_bgsync.identity import uuid7
from django_bgsync.models.clients import SyncClient
from django_bgsync.models.columns import MAX_CODE, MAX_OWNER, PartlyIndexed, loose_key
from django_bgsync.models.items import SyncItem
from django_bgsync.models.tags import SyncTag

_NOT_APPLIED = ~models.Q(outcome=Outcome.APPLIED)


class Delivery(PartlyIndexed):
    """One HTTP request that brought something new: when, from where, and why the client sent it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.CharField(_("owner"), max_length=MAX_OWNER)
    client = loose_key(SyncClient, null=True, verbose_name=_("client"))
    trigger = models.CharField(_("trigger"), max_length=16, choices=Trigger.choices, blank=True)
    sync_tag = models.CharField(_("sync tag"), max_length=100, blank=True)
    last_chance = models.BooleanField(_("last chance"), default=False)
    context = models.CharField(_("context"), max_length=16, choices=Context.choices, blank=True)
    items = models.PositiveIntegerField(_("items"))
    pending = models.PositiveIntegerField(_("pending"), null=True, help_text=_("On the device, as it said then."))
    parked = models.PositiveIntegerField(_("parked"), null=True, help_text=_("On the device, as it said then."))
    oldest_at = models.DateTimeField(_("oldest"), null=True, help_text=_("Of the pending ones, by the device's clock."))
    sent_at = models.DateTimeField(_("sent at"), null=True, help_text=_("By the device's clock."))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-received_at", "-id")
        indexes = (
            models.Index(fields=["client", "received_at"], name="bgsync_delivery_client"),
            models.Index(fields=["received_at"], name="bgsync_delivery_received"),
            models.Index(fields=["trigger", "received_at"], name="bgsync_delivery_trigger"),
            models.Index(fields=["received_at"], condition=models.Q(last_chance=True), name="bgsync_delivery_last"),
        )

    def __str__(self) -> str:
        return str(self.pk)


class DeliveryAttempt(PartlyIndexed):
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
            models.Index(fields=["outcome", "id"], condition=_NOT_APPLIED, name="bgsync_attempt_outcome"),
            models.Index(fields=["code", "id"], condition=_NOT_APPLIED, name="bgsync_attempt_code"),
        )

    def __str__(self) -> str:
        item = self._state.fields_cache.get("item")  # a name asks no database
        return f"{item.item_id if item else self.item_id} #{self.number}"
