"""Clients: who sends."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_bgsync.models.columns import MAX_OWNER, PartlyIndexed, loose_key

MAX_SKEW_MS = 5 * 60 * 1000
SKEWED = models.Q(clock_offset_ms__gt=MAX_SKEW_MS) | models.Q(clock_offset_ms__lt=-MAX_SKEW_MS)
"""A clock that is off by more than people are."""
REVOKED = models.Q(revoked_at__isnull=False)
BOUND = models.Q(owner__startswith="c:", user__isnull=False)
"""A visitor who has become a user."""


class SyncClient(PartlyIndexed):
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
    pending = models.PositiveIntegerField(_("pending"), null=True, help_text=_("Left after what it last sent."))
    parked = models.PositiveIntegerField(_("parked"), null=True, help_text=_("As it last said."))
    dropped = models.PositiveBigIntegerField(_("dropped"), default=0, help_text=_("What it could not keep so far."))
    clock_offset_ms = models.BigIntegerField(_("clock offset (ms)"), null=True, help_text=_("Server minus device."))
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"), db_index=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True)

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        permissions = (
            ("rename_syncclient", _("Can rename clients")),
            ("revoke_syncclient", _("Can revoke and restore clients")),
        )
        ordering = ("-last_seen",)
        indexes = (
            models.Index(fields=["owner"], name="bgsync_client_owner"),
            models.Index(fields=["client_id"], name="bgsync_client_id"),
            models.Index(fields=["last_seen"], condition=models.Q(pending__gt=0), name="bgsync_client_holding"),
            models.Index(fields=["last_seen"], condition=models.Q(dropped__gt=0), name="bgsync_client_dropping"),
            models.Index(fields=["last_seen"], condition=SKEWED, name="bgsync_client_skewed"),
            models.Index(fields=["revoked_at"], condition=REVOKED, name="bgsync_client_revoked"),
            models.Index(fields=["user"], condition=BOUND, name="bgsync_client_bound"),
        )

    def __str__(self) -> str:
        return self.label or f"…{str(self.client_id)[-8:]}"
