from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.filters import PeriodFilter
from django_bgsync.admin.neighbours import Neighbours
from django_bgsync.admin.readonly import ReadOnlyAdmin, link_to_list
from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem
from django_bgsync.printing import exact, visible
from django_bgsync.reports import search


@admin.register(Delivery)
class DeliveryAdmin(Neighbours, ReadOnlyAdmin):
    list_display = ("received", "trigger", "shown_sync_tag", "last_chance", "context", "items", "client_link")
    list_filter = ("trigger", "last_chance", PeriodFilter)
    list_select_related = ("client",)
    search = staticmethod(search.deliveries)
    search_help_text = _("Delivery, client or user")
    order = ("-received_at", "-pk")
    fields = (
        ("received_at", "sent_at"),
        ("trigger", "shown_sync_tag", "last_chance", "context"),
        ("client_link", "items"),
        ("item_list", "attempt_list"),
    )
    linked_by = {"client__id__exact": _("client")}
    readonly_fields = tuple(name for row in fields for name in row)

    @admin.display(description=_("received"))
    def received(self, delivery: Delivery) -> str:
        return exact(delivery.received_at)

    @admin.display(description=_("sync tag"))
    def shown_sync_tag(self, delivery: Delivery) -> str:
        return visible(delivery.sync_tag)

    @admin.display(description=_("its items"))
    def item_list(self, delivery: Delivery) -> SafeString:
        return link_to_list(SyncItem, _("its items"), delivery__id__exact=delivery.pk)

    @admin.display(description=_("its attempts"))
    def attempt_list(self, delivery: Delivery) -> SafeString:
        return link_to_list(DeliveryAttempt, _("its attempts"), delivery__id__exact=delivery.pk)
