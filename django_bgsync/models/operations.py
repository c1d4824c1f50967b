"""What operators did, and to which items."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from django_bgsync.enums import ActionState, ItemState, NoteKind, Operation
from django_bgsync.identity import uuid7
from django_bgsync.models.columns import MAX_CODE, loose_key
from django_bgsync.models.items import SyncItem
from django_bgsync.models.tags import SyncTag


class OperatorAction(models.Model):
    """One thing an operator asked for: what, on which rows, why, and how far it has come."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("operation"), max_length=16, choices=Operation.choices)
    selection = models.JSONField(_("selection"), default=dict, help_text=_("On which rows; see `selections`."))
    values = models.JSONField(_("values"), default=dict, help_text=_("What else was asked for: a new name."))
    reason = models.CharField(_("reason"), max_length=255, blank=True)
    user = loose_key(settings.AUTH_USER_MODEL, null=True, verbose_name=_("user"))
    username = models.CharField(_("user name"), max_length=150, blank=True, help_text=_("Kept when the user is gone."))
    state = models.CharField(_("state"), max_length=16, choices=ActionState.choices, default=ActionState.QUEUED)
    total = models.PositiveIntegerField(_("total"), null=True, help_text=_("As counted when it was confirmed."))
    is_total_exact = models.BooleanField(_("total is exact"), default=True, help_text=_("Counting ends at a bound."))
    done = models.PositiveIntegerField(_("done"), default=0)
    skipped = models.PositiveIntegerField(
        _("skipped"), default=0, help_text=_("Changed by somebody else meanwhile, or being tried just then.")
    )
    cursor = models.CharField(_("cursor"), max_length=64, blank=True, help_text=_("The last key that is done."))
    claimed_at = models.DateTimeField(_("claimed at"), null=True)
    cancel_requested_at = models.DateTimeField(_("cancel requested at"), null=True)
    requested_at = models.DateTimeField(_("requested at"))
    started_at = models.DateTimeField(_("started at"), null=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    error = models.CharField(_("error"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("operator action")
        verbose_name_plural = _("operator actions")
        ordering = ("-requested_at", "-id")
        indexes = (models.Index(fields=["state"], name="bgsync_action_state"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {str(self.pk)[-8:]}"

    @property
    def is_over(self) -> bool:
        return self.state not in (ActionState.QUEUED, ActionState.RUNNING)

    @property
    def looked_at(self) -> int:
        return self.done + self.skipped


class ItemNote(models.Model):
    """What was done to one item beside its tries: by an operator, or by its user who asked to try again.

    With the attempts it makes up the item's whole story. Its time is also in its key.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    item = loose_key(SyncItem, verbose_name=_("item"))
    tag = loose_key(SyncTag, verbose_name=_("tag"))
    kind = models.CharField(_("what"), max_length=16, choices=NoteKind.choices)
    action = loose_key(OperatorAction, null=True, verbose_name=_("action"), help_text=_("Empty: by its user."))
    state = models.CharField(_("state before"), max_length=16, choices=ItemState.choices)
    code = models.CharField(_("code before"), max_length=MAX_CODE, blank=True)
    after = models.UUIDField(_("waited for"), null=True, help_text=_("The item before a released one in its lane."))
    noted_at = models.DateTimeField(_("noted at"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ("-noted_at", "-id")
        indexes = (
            models.Index(fields=["item"], name="bgsync_note_item"),
            models.Index(fields=["action"], name="bgsync_note_action"),
        )

    def __str__(self) -> str:
        return f"{self.item_id} {self.kind}"
