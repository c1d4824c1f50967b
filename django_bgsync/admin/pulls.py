from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.filters import StartedFilter
from django_bgsync.admin.neighbours import Neighbours
from django_bgsync.admin.readonly import ReadOnlyAdmin
from django_bgsync.models import FeedPull


@admin.register(FeedPull)
class FeedPullAdmin(Neighbours, ReadOnlyAdmin):
    list_display = (
        "started_at",
        "feed",
        "trigger",
        "outcome",
        "items",
        "pages",
        "bytes",
        "wanted_seconds",
        "granted_seconds",
        "client_link",
    )
    list_filter = ("outcome", "trigger", "feed", StartedFilter)
    list_select_related = ("client",)
    fields = (
        ("started_at", "ended_at", "duration_ms"),
        ("feed", "client_link", "trigger"),
        ("wanted_seconds", "granted_seconds"),
        ("outcome", "code", "error"),
        ("pages", "items", "bytes"),
        "traceback",
    )
    linked_by = {"client__id__exact": _("client")}
    order = ("-started_at", "-pk")
    readonly_fields = tuple(name for row in fields for name in ([row] if isinstance(row, str) else row))
