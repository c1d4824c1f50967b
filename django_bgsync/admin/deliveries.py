from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.neighbours import Neighbours
from django_bgsync.admin.readonly import ReadOnlyAdmin, link_to_list
from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem


@admin.register(Delivery)
class DeliveryAdmin(Neighbours, ReadOnlyAdmin):
    list_display = ("received_at", "trigger", "sync_tag", "last_chance", "context", "items", "client_link")
    list_filter = ("trigger", "context", "last_chance", "received_at")
    list_select_related = ("client",)
    fields = (
        ("received_at", "sent_at"),
        ("trigger", "sync_tag", "last_chance", "context"),
        ("client_link", "items"),
        ("item_list", "attempt_list"),
    )
    linked_by = ("client__id__exact",)
    readonly_fields = tuple(name for row in fields for name in row)

    @admin.display(description=_("its items"))
    def item_list(self, delivery: Delivery) -> SafeString:
        return link_to_list(SyncItem, _("its items"), delivery__id__exact=delivery.pk)

    @admin.display(description=_("its attempts"))
    def attempt_list(self, delivery: Delivery) -> SafeString:
        return link_to_list(DeliveryAttempt, _("its attempts"), delivery__id__exact=delivery.pk)
