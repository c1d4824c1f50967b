from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.filters import AttemptCodeFilter, AttemptPeriodFilter
from django_bgsync.admin.neighbours import Neighbours
from django_bgsync.admin.readonly import ReadOnlyAdmin, link_to
from django_bgsync.models import DeliveryAttempt, SyncItem
from django_bgsync.printing import block, ends, exact, visible
from django_bgsync.reports import search

_ITEMS = Prefetch("item", SyncItem.objects.only("item_id"))
_OF_FEW = ("tag__name__exact", "client__id__exact")


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(Neighbours, ReadOnlyAdmin):
    list_display = (
        "started",
        "item_link",
        "number",
        "tag_link",
        "outcome",
        "shown_code",
        "duration_ms",
        "hand",
        "client_link",
        "trigger",
    )
    list_filter = ("outcome", AttemptCodeFilter, "tag", AttemptPeriodFilter)
    list_select_related = ("client",)
    search = staticmethod(search.attempts)
    search_help_text = _("Item, client, user, tag or code")
    list_deferred = ("traceback",)
    order = ("-pk",)  # as good as the time: the server makes the keys
    fields = (
        ("item_link", "number", "tag_link", "client_link", "delivery_link"),
        ("hand", "trigger", "worker"),
        ("started_at", "duration_ms"),
        ("outcome", "shown_code"),
        "shown_error",
        "shown_traceback",
    )
    linked_by = {
        "client__id__exact": _("client"),
        "delivery__id__exact": _("delivery"),
        "item__id__exact": _("item"),
        "outcome__in": _("outcome"),
    }
    readonly_fields = tuple(name for row in fields for name in ([row] if isinstance(row, str) else row))

    def order_of(self, changelist: Any) -> tuple[str, ...]:
        return ("-started_at", "-pk") if any(name in changelist.params for name in _OF_FEW) else self.order

    def get_queryset(self, request: HttpRequest) -> QuerySet[DeliveryAttempt]:
        # Not joined: an attempt may outlive its item, and an inner join would hide it.
        return super().get_queryset(request).prefetch_related(_ITEMS)

    @admin.display(description=_("started"))
    def started(self, attempt: DeliveryAttempt) -> str:
        return exact(attempt.started_at)

    @admin.display(description=_("item"))
    def item_link(self, attempt: DeliveryAttempt) -> SafeString | str:
        try:
            return link_to(SyncItem, attempt.item_id, ends(attempt.item.item_id))
        except SyncItem.DoesNotExist:
            return gettext("removed")

    @admin.display(description=_("error"))
    def shown_error(self, attempt: DeliveryAttempt) -> str:
        return visible(attempt.error) or "-"

    @admin.display(description=_("traceback"))
    def shown_traceback(self, attempt: DeliveryAttempt) -> SafeString | str:
        return block(attempt.traceback)
