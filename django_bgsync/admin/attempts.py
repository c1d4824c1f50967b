from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.neighbours import Neighbours
from django_bgsync.admin.readonly import ReadOnlyAdmin, link_to, short
from django_bgsync.models import DeliveryAttempt, SyncItem


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(Neighbours, ReadOnlyAdmin):
    list_display = (
        "started_at",
        "item_link",
        "number",
        "tag_link",
        "client_link",
        "hand",
        "trigger",
        "outcome",
        "code",
        "duration_ms",
    )
    list_filter = ("outcome", "hand", "trigger", "tag", "started_at")
    list_select_related = ("client",)
    fields = (
        ("item_link", "number", "tag_link", "client_link", "delivery_link"),
        ("hand", "trigger", "worker"),
        ("started_at", "duration_ms"),
        ("outcome", "code"),
        "error",
        "traceback",
    )
    linked_by = ("client__id__exact", "delivery__id__exact", "item__id__exact")
    readonly_fields = tuple(name for row in fields for name in ([row] if isinstance(row, str) else row))

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryAttempt]:
        # Not joined: an attempt may outlive its item, and an inner join would hide it.
        return super().get_queryset(request).prefetch_related("item")

    @admin.display(description=_("item"))
    def item_link(self, attempt: DeliveryAttempt) -> SafeString | str:
        try:
            return link_to(SyncItem, attempt.item_id, short(attempt.item.item_id))
        except SyncItem.DoesNotExist:
            return gettext("removed")
