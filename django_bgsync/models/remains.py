"""What is left of items that are gone."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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
