from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.filters import SeenFilter, TroubleFilter
from django_bgsync.admin.operating import operate_links
from django_bgsync.admin.page import PageAdmin
from django_bgsync.enums import Operation
from django_bgsync.models import SyncClient
from django_bgsync.printing import exact, short, visible
from django_bgsync.reports import clients, search
from django_bgsync.reports.users import with_users


@admin.register(SyncClient)
class SyncClientAdmin(PageAdmin):
    list_display = ("short_id", "user", "shown_label", "seen", "pending", "parked", "shown_version", "browser")
    list_filter = (TroubleFilter, SeenFilter)
    order = ("-last_seen", "-pk")
    list_select_related = ()
    list_deferred = ("capabilities", "outbox")
    search = staticmethod(search.clients)
    search_help_text = _("Client, user or label")
    page_template = "admin/django_bgsync/syncclient/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncClient]:
        return with_users(super().get_queryset(request))

    def page_title(self, client: SyncClient) -> str:
        return gettext("Client %s") % (visible(client.label) or short(client.client_id))

    def page_context(self, request: HttpRequest, client: SyncClient) -> dict[str, Any]:
        switch = Operation.RESTORE if client.revoked_at else Operation.REVOKE
        found = clients.look(client)
        return {
            "history": found,
            "charts": found.charts,
            "operations": operate_links(request, Operation.RENAME, switch, client=client.pk),
        }

    @admin.display(description=_("client"))
    def short_id(self, client: SyncClient) -> SafeString | str:
        name = short(client.client_id)
        badge = '{} <strong class="bgsync-badge bgsync-rejected">{}</strong>'
        return format_html(badge, name, _("revoked")) if client.revoked_at else name

    @admin.display(description=_("last seen"))
    def seen(self, client: SyncClient) -> str:
        return exact(client.last_seen)

    @admin.display(description=_("label"))
    def shown_label(self, client: SyncClient) -> str:
        return visible(client.label)

    @admin.display(description=_("app version"))
    def shown_version(self, client: SyncClient) -> str:
        return visible(client.app_version)

    @admin.display(description=_("browser"))
    def browser(self, client: SyncClient) -> SafeString:
        whole = visible(client.user_agent)
        return format_html('<span title="{}">{}</span>', whole, Truncator(whole).chars(40))
