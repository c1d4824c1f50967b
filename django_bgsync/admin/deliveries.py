from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.readonly import ReadOnlyAdmin, link_to, link_to_list, short
from django_bgsync.models import Delivery, DeliveryAttempt, SyncClient, SyncItem


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "trigger", "sync_tag", "last_chance", "context", "items", "client_link")
    list_filter = ("trigger", "context", "last_chance", "received_at")
    list_select_related = ("client",)
    fields = (
        ("received_at", "sent_at"),
        ("trigger", "sync_tag", "last_chance", "context"),
        ("client_link", "items"),
        ("item_list", "attempt_list"),
    )
    readonly_fields = tuple(name for row in fields for name in row)

    def lookup_allowed(self, lookup: str, value: str, request: object = None) -> bool:
        return lookup == "client__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description=_("client"))
    def client_link(self, delivery: Delivery) -> SafeString | str:
        client = delivery.client
        return link_to(SyncClient, delivery.client_id, short(client.client_id) if client else "-")

    @admin.display(description=_("its items"))
    def item_list(self, delivery: Delivery) -> SafeString:
        return link_to_list(SyncItem, _("its items"), delivery__id__exact=delivery.pk)

    @admin.display(description=_("its attempts"))
    def attempt_list(self, delivery: Delivery) -> SafeString:
        return link_to_list(DeliveryAttempt, _("its attempts"), delivery__id__exact=delivery.pk)
