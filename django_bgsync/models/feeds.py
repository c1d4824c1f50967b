"""What happened: pulls of feeds."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_bgsync.enums import PullOutcome, Trigger
from django_bgsync.identity import uuid7
from django_bgsync.models.clients import SyncClient
from django_bgsync.models.columns import MAX_CODE, MAX_OWNER, loose_key


class FeedPull(models.Model):
    """One time a client asked for the news of a feed: all pages that it took then."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    feed = models.CharField(_("feed"), max_length=64)
    owner = models.CharField(_("owner"), max_length=MAX_OWNER)
    client = loose_key(SyncClient, null=True, verbose_name=_("client"))
    trigger = models.CharField(_("trigger"), max_length=16, choices=Trigger.choices, blank=True)
    wanted_seconds = models.PositiveIntegerField(
        _("wanted interval (s)"), null=True, help_text=_("What the page asked the browser for.")
    )
    granted_seconds = models.PositiveIntegerField(
        _("since the pull before (s)"), null=True, help_text=_("What the browser granted; empty for a first pull.")
    )
    pages = models.PositiveIntegerField(_("pages"), default=1)
    items = models.PositiveIntegerField(_("items"), default=0)
    bytes = models.PositiveIntegerField(_("bytes"), default=0)
    duration_ms = models.PositiveIntegerField(_("duration (ms)"), default=0, help_text=_("On the server."))
    outcome = models.CharField(_("outcome"), max_length=16, choices=PullOutcome.choices)
    code = models.CharField(_("code"), max_length=MAX_CODE, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True)
    traceback = models.TextField(_("traceback"), blank=True)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"), help_text=_("When its last page was sent."))

    class Meta:
        verbose_name = _("pull of a feed")
        verbose_name_plural = _("pulls of feeds")
        ordering = ("-started_at", "-id")
        indexes = (
            models.Index(fields=["client", "feed", "started_at"], name="bgsync_pull_client"),
            models.Index(fields=["feed", "started_at"], name="bgsync_pull_feed"),
            models.Index(fields=["started_at"], name="bgsync_pull_started"),
        )

    def __str__(self) -> str:
        return str(self.pk)
