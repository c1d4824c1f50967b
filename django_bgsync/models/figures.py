"""Figures: what happened in each hour, kept when the details are gone."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_bgsync.models.columns import loose_key
from django_bgsync.models.tags import SyncTag


def _count(name: Any, help_text: Any = "") -> models.PositiveIntegerField[int, int]:
    return models.PositiveIntegerField(name, default=0, help_text=help_text)


def _histogram(name: Any, help_text: Any) -> models.JSONField[dict[str, int], dict[str, int]]:
    return models.JSONField(name, default=dict, help_text=help_text)


class HourlyStat(models.Model):
    """What happened to the items of one tag in one hour (UTC), as `tallies` counts it.

    Items count in the hour of their receipt, tries and their outcomes in the hour in which the try began. The
    histograms are as `histograms` describes them: their sums over hours are histograms again.
    """

    tag = loose_key(SyncTag, verbose_name=_("tag"))
    hour = models.DateTimeField(_("hour"), help_text=_("Its beginning, UTC."))
    received = _count(_("received"))
    applied = _count(_("applied"))
    rejected = _count(_("rejected"), _("By handlers or on receipt; neither dead nor discarded ones."))
    conflict = _count(_("conflict"))
    dead = _count(_("dead"), _("Given up."))
    discarded = _count(_("discarded"), _("By operators."))
    reopened = _count(_("reopened"), _("By users or operators."))
    failed = _count(_("failed tries"), _("Those that made an item dead, too."))
    retried = _count(_("tries put off"), _("The handler asked for a later try."))
    lost = _count(_("lost tries"), _("The process ended before the handler."))
    replays = _count(_("replays"), _("Of the items received in this hour, as far as they came soon after."))
    bytes = models.PositiveBigIntegerField(_("bytes received"), default=0)
    arrival_lag = _histogram(_("arrival lag"), _("From the device's clock, corrected, to the receipt."))
    sync_lag = _histogram(
        _("sync lag"), _("From the device's clock, corrected, to the end of the try that applied it.")
    )
    processing = _histogram(_("processing time"), _("How long the tries took."))

    class Meta:
        verbose_name = _("hourly figures")
        verbose_name_plural = _("hourly figures")
        ordering = ("-hour", "tag_id")
        indexes = (models.Index(fields=["hour"], name="bgsync_stat_hour"),)
        constraints = (models.UniqueConstraint(fields=["tag", "hour"], name="bgsync_stat_tag_hour"),)

    def __str__(self) -> str:
        return f"{self.tag_id} {self.hour:%Y-%m-%d %H:%M}"


class Watermark(models.Model):
    """How far the figures have come: every hour before `until` is in `HourlyStat`. One row."""

    name = models.CharField(_("name"), max_length=16, primary_key=True)
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("watermark")
        verbose_name_plural = _("watermarks")

    def __str__(self) -> str:
        return f"{self.name} {self.until.isoformat()}"
