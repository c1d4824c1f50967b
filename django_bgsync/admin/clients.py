from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.readonly import ReadOnlyAdmin, link_to_list, short
from django_bgsync.models import Delivery, DeliveryAttempt, SyncClient, SyncItem


@admin.register(SyncClient)
class SyncClientAdmin(ReadOnlyAdmin):
    list_display = ("short_id", "user", "label", "last_seen", "pending", "parked", "app_version", "browser")
    list_filter = ("last_seen",)
    list_select_related = ("user",)
    search_fields = ("label", "user_agent", "owner")
    fields = (
        ("short_id", "user", "label"),
        ("first_seen", "last_seen", "revoked_at"),
        ("app_version", "worker_version"),
        "user_agent",
        "clock_offset_ms",
        "capabilities",
        "outbox",
        ("items", "deliveries", "attempts"),
    )
    readonly_fields = tuple(name for row in fields for name in ([row] if isinstance(row, str) else row))

    @admin.display(description=_("client"))
    def short_id(self, client: SyncClient) -> str:
        return short(client.client_id)

    @admin.display(description=_("browser"))
    def browser(self, client: SyncClient) -> SafeString:
        return format_html('<span title="{}">{}</span>', client.user_agent, Truncator(client.user_agent).chars(40))

    @admin.display(description=_("pending when it last sent"))
    def pending(self, client: SyncClient) -> Any:
        return client.outbox.get("pending")

    @admin.display(description=_("parked when it last sent"))
    def parked(self, client: SyncClient) -> Any:
        return client.outbox.get("parked")

    @admin.display(description=_("items"))
    def items(self, client: SyncClient) -> SafeString:
        return link_to_list(SyncItem, _("its items"), client__id__exact=client.pk)

    @admin.display(description=_("deliveries"))
    def deliveries(self, client: SyncClient) -> SafeString:
        return link_to_list(Delivery, _("its deliveries"), client__id__exact=client.pk)

    @admin.display(description=_("attempts"))
    def attempts(self, client: SyncClient) -> SafeString:
        return link_to_list(DeliveryAttempt, _("its attempts"), client__id__exact=client.pk)
