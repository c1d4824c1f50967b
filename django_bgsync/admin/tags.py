from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.readonly import ReadOnlyAdmin, link_to_list
from django_bgsync.handlers import registry
from django_bgsync.models import DeliveryAttempt, SyncItem, SyncTag


@admin.register(SyncTag)
class SyncTagAdmin(ReadOnlyAdmin):
    list_display = ("name", "handler", "first_seen", "items", "attempts")
    fields = ("name", "handler", "description", "first_seen", "items", "attempts")
    readonly_fields = fields
    search_fields = ("name",)

    @admin.display(description=_("handler"))
    def handler(self, tag: SyncTag) -> str:
        handler = registry.get(tag.name)
        return handler.path if handler else gettext("none: its items wait")

    @admin.display(description=_("description"))
    def description(self, tag: SyncTag) -> str:
        handler = registry.get(tag.name)
        return handler.description if handler else ""

    @admin.display(description=_("items"))
    def items(self, tag: SyncTag) -> SafeString:
        return link_to_list(SyncItem, _("its items"), tag__name__exact=tag.name)

    @admin.display(description=_("attempts"))
    def attempts(self, tag: SyncTag) -> SafeString:
        return link_to_list(DeliveryAttempt, _("its attempts"), tag__name__exact=tag.name)
