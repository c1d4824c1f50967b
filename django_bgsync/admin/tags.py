from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.causes import with_remedies
from django_bgsync.admin.operating import operate_links
from django_bgsync.admin.page import PageAdmin
from django_bgsync.admin.readonly import link_to_list
from django_bgsync.enums import Operation, TagState
from django_bgsync.handlers import registry
from django_bgsync.models import DeliveryAttempt, SyncItem, SyncTag
from django_bgsync.printing import visible
from django_bgsync.reports import tags
from django_bgsync.reports.charts import SPANS, Span

SWITCHES = {
    TagState.OPEN: (Operation.PAUSE, Operation.CLOSE),
    TagState.PAUSED: (Operation.RESUME, Operation.CLOSE),
    TagState.CLOSED: (Operation.RESUME, Operation.PAUSE),
}


@admin.register(SyncTag)
class SyncTagAdmin(PageAdmin):
    list_display = ("name", "state", "handler", "first_seen", "items", "attempts")
    list_filter = ("state",)
    order = ("name",)
    page_template = "admin/django_bgsync/synctag/page.html"

    def page_title(self, tag: SyncTag) -> str:
        return gettext("Tag %s") % visible(tag.name)

    def page_context(self, request: HttpRequest, tag: SyncTag) -> dict[str, Any]:
        found = tags.look(tag, _span(request))
        state = TagState(tag.state)
        switches = operate_links(request, *SWITCHES[state], is_closed=state == TagState.CLOSED, tag=tag.pk)
        return {
            "history": found,
            "charts": found.charts,
            "spans": list(SPANS),
            "period": found.period,
            "quantiles": [
                (_("from the device to the server"), found.arrival_lag),
                (_("from the device to the commit"), found.sync_lag),
                (_("processing"), found.processing),
            ],
            "causes": with_remedies(request, found.attention.causes),
            "operations": [*switches, *operate_links(request, Operation.RECOVER, Operation.RELEASE, tag=tag.pk)],
            "handler": self.handler(tag),
            "description": self.description(tag),
        }

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


def _span(request: HttpRequest) -> Span:
    return SPANS.get(request.GET.get("span", ""), SPANS["24h"])
