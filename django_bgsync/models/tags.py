"""Tags: what operators see of handlers, and change."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_bgsync.enums import TagState
from django_bgsync.models.columns import MAX_TAG
from django_bgsync.querysets import TagQuerySet


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
        permissions = (
            ("pause_synctag", _("Can pause and resume tags")),
            ("close_synctag", _("Can close and open tags")),
        )

    def __str__(self) -> str:
        return self.name
