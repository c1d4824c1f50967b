from __future__ import annotations

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.neighbours import Neighbours
from django_bgsync.admin.readonly import ReadOnlyAdmin, link_to_list, short
from django_bgsync.models import DeliveryAttempt, SyncItem


@admin.register(SyncItem)
class SyncItemAdmin(Neighbours, ReadOnlyAdmin):
    list_display = ("short_id", "tag_link", "state", "code", "attempts", "user", "client_link", "received_at")
    list_filter = ("state", "tag", "code", "received_at")
    list_select_related = ("client", "user")
    search_fields = ("item_id",)
    search_help_text = _("Item id")
    fields = (
        ("item_id", "tag_link", "lane", "after", "seq"),
        ("state", "code"),
        ("user", "client_link", "delivery_link"),
        ("created_at", "received_at", "next_at", "finished_at"),
        ("attempts", "failures", "attempt_list"),
        ("size", "fingerprint"),
        "pretty_payload",
        "pretty_result",
        "pretty_problem",
    )
    linked_by = ("client__id__exact", "delivery__id__exact")
    readonly_fields = tuple(name for row in fields for name in ([row] if isinstance(row, str) else row))

    @admin.display(description=_("item"))
    def short_id(self, item: SyncItem) -> SafeString:
        return format_html('<span title="{}">{}</span>', item.item_id, short(item.item_id))

    @admin.display(description=_("attempts"))
    def attempt_list(self, item: SyncItem) -> SafeString:
        return link_to_list(DeliveryAttempt, _("all attempts"), item__id__exact=item.pk)

    @admin.display(description=_("payload"))
    def pretty_payload(self, item: SyncItem) -> SafeString | str:
        return _pretty(item.payload)

    @admin.display(description=_("result"))
    def pretty_result(self, item: SyncItem) -> SafeString | str:
        return _pretty(item.result)

    @admin.display(description=_("problem"))
    def pretty_problem(self, item: SyncItem) -> SafeString | str:
        return _pretty(item.problem)


def _pretty(text: str | None) -> SafeString | str:
    if text is None:
        return "-"
    return format_html("<pre>{}</pre>", json.dumps(json.loads(text), indent=2, ensure_ascii=False))
