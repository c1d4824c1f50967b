"""What operators did: the log of their actions, and the page that shows how far one has come."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from django_bgsync import database
from django_bgsync.admin.confirming import confirm
from django_bgsync.admin.operating import may
from django_bgsync.admin.readonly import ReadOnlyAdmin
from django_bgsync.enums import Operation
from django_bgsync.models import ItemNote, OperatorAction, SyncItem
from django_bgsync.operations import actions

NOTES = 50
"""So many of the items that an action has changed are named on its page."""


@admin.register(OperatorAction)
class OperatorActionAdmin(ReadOnlyAdmin):
    list_display = ("requested_at", "kind", "reason", "username", "state", "progress", "features")
    list_filter = ("kind", "state")
    fields = (
        ("kind", "state", "progress"),
        ("features", "reason"),
        "username",
        ("requested_at", "started_at", "finished_at"),
        "error",
    )
    readonly_fields = tuple(name for row in fields for name in ([row] if isinstance(row, str) else row))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("operate/", database.own_transactions(wrap(self.operate_view)), name="django_bgsync_operate"),
            path(
                "<uuid:pk>/cancel/",
                database.own_transactions(wrap(require_POST(self.cancel_view))),
                name="django_bgsync_cancel",
            ),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: OperatorAction | None = None) -> bool:
        """Everybody sees how far their own actions have come."""
        is_own = obj is not None and obj.user_id == request.user.pk
        return is_own or super().has_view_permission(request, obj)

    def operate_view(self, request: HttpRequest) -> HttpResponse:
        return confirm(request, self.admin_site)

    def cancel_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        action = get_object_or_404(OperatorAction, pk=pk)
        if not may(request, Operation(action.kind)):
            raise PermissionDenied
        if actions.cancel(pk):
            self.log_change(request, action, gettext("Cancelled."))
        else:
            messages.warning(request, gettext("It is over already."))
        return HttpResponseRedirect(reverse("admin:django_bgsync_operatoraction_change", args=[pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        action = self.get_object(request, object_id)
        shown = action and {"notes": _notes(action), "may_cancel": may(request, Operation(action.kind))}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **(shown or {})})

    @admin.display(description=_("selection"))
    def features(self, action: OperatorAction) -> SafeString:
        # Only ids are many.
        pairs = (
            (name, values[0], f" + {len(values) - 1}" if len(values) > 1 else "")
            for name, values in action.selection.items()
        )
        return format_html_join(" ", "{}={}{}", pairs)

    @admin.display(description=_("progress"))
    def progress(self, action: OperatorAction) -> str:
        total = action.total if action.is_total_exact else gettext("more than %d") % action.total
        return gettext("%(done)d of %(total)s") % {"done": action.done, "total": total}


def _notes(action: OperatorAction) -> list[ItemNote]:
    """The first of its notes, each with the id of its item as `name`: None if that is gone."""
    notes = list(ItemNote.objects.filter(action=action).order_by("pk")[:NOTES])
    names = dict(SyncItem.objects.filter(pk__in=[note.item_id for note in notes]).values_list("pk", "item_id"))
    for note in notes:
        note.name = names.get(note.item_id)  # type: ignore[attr-defined]  # for the template
    return notes
