from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin import downloads, exports
from django_bgsync.admin.causes import with_remedies
from django_bgsync.admin.choosing import ItemChoice
from django_bgsync.admin.conflicts import difference
from django_bgsync.admin.filters import CodeFilter, FinishedFilter, PeriodFilter, StateFilter
from django_bgsync.admin.neighbours import Neighbours
from django_bgsync.admin.operating import operate_links
from django_bgsync.admin.page import PageAdmin
from django_bgsync.enums import Code, ItemState, Operation, TagState
from django_bgsync.models import StoredFile, SyncItem, SyncTag
from django_bgsync.operations.items import can_be_opened
from django_bgsync.printing import block, detail, ends, exact, pretty, redacted, visible
from django_bgsync.reports import attention, overview, search, story
from django_bgsync.reports.users import with_users

VIEW_PAYLOAD = "django_bgsync.view_payload"


@admin.register(SyncItem)
class SyncItemAdmin(ItemChoice, Neighbours, PageAdmin):
    list_display = ("short_id", "tag_link", "state", "shown_code", "user", "received", "client_link", "attempts")
    list_filter = (StateFilter, CodeFilter, "tag", PeriodFilter, FinishedFilter)
    list_select_related = ("client",)
    list_deferred = ("payload", "result", "problem")
    search = staticmethod(search.items)
    search_help_text = _("Item, client, user, tag or code")
    order = ("-received_at", "-pk")
    linked_by = {
        "client__id__exact": _("client"),
        "delivery__id__exact": _("delivery"),
        "exception__exact": _("exception"),
        "lane__exact": _("lane"),
        "replays__gte": _("sent again at least so often:"),
    }
    page_template = "admin/django_bgsync/syncitem/page.html"

    def get_urls(self) -> list[URLPattern]:
        own = self.admin_site.admin_view
        return [
            path("attention/", own(self.attention_view), name="django_bgsync_attention"),
            path("overview/<slug:name>.csv", own(self.overview_view), name="django_bgsync_overview_csv"),
            path("<path:object_id>/payload/", own(self.payload_view), name="django_bgsync_syncitem_payload"),
            path("<path:object_id>/files/<uuid:file_id>/", own(self.file_view), name="django_bgsync_syncitem_file"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SyncItem]:
        return with_users(super().get_queryset(request))

    def page_title(self, item: SyncItem) -> str:
        return gettext("Item %s") % item.item_id

    def page_context(self, request: HttpRequest, item: SyncItem) -> dict[str, Any]:
        told = story.of(item)
        is_open = request.user.has_perm(VIEW_PAYLOAD)
        shown = pretty if is_open else redacted
        return {
            "story": told,
            "operations": operate_links(request, *_operations(item), id=[item.pk.hex]),
            "pause": _pause(item),
            "may_view_payload": is_open,
            "payload": block(shown(item.payload)),
            "result": block(shown(item.result)),
            "problem": block(shown(item.problem)),
            "detail": visible(detail(item.problem)),
            "difference": difference(item.payload, told.copy.payload) if told.copy and is_open else [],
        }

    def attention_view(self, request: HttpRequest) -> HttpResponse:
        """What waits for somebody, grouped by why."""
        downloads.check(self.has_view_permission(request))
        found = attention.look()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Needs attention"),
            "attention": found,
            "causes": with_remedies(request, found.causes),
        }
        return TemplateResponse(request, "admin/django_bgsync/attention.html", context)

    def overview_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """A chart of the overview as CSV."""
        downloads.check(self.has_view_permission(request))
        return exports.answer(overview.drawn(), name)

    def payload_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The whole payload as a file."""
        item = self._opened(request, object_id)
        return downloads.text(item.payload or "", f"{item.item_id}.json")

    def file_view(self, request: HttpRequest, object_id: str, file_id: Any) -> Any:
        """A file that came with the item."""
        item = self._opened(request, object_id)
        row = StoredFile.objects.filter(pk=file_id, item=item.pk).first()
        if row is None:
            raise Http404
        return downloads.stored(row)

    def _opened(self, request: HttpRequest, object_id: str) -> SyncItem:
        """The item, for those who may see what it holds. Raises Http404 or PermissionDenied."""
        downloads.check(self.has_view_permission(request) and request.user.has_perm(VIEW_PAYLOAD))
        item: SyncItem | None = self.get_object(request, object_id)
        if item is None:
            raise Http404
        return item

    @admin.display(description=_("item"))
    def short_id(self, item: SyncItem) -> SafeString:
        return format_html('<span title="{}">{}</span>', item.item_id, ends(item.item_id))

    @admin.display(description=_("received"))
    def received(self, item: SyncItem) -> str:
        return exact(item.received_at)


def _operations(item: SyncItem) -> list[Operation]:
    """What makes sense for an item in its state."""
    if item.state == ItemState.APPLIED or item.code == Code.DISCARDED:
        return []
    retry = [Operation.RETRY] if can_be_opened(item) else []
    release = [Operation.RELEASE] if item.state == ItemState.HELD else []
    return [*retry, *release, Operation.DISCARD]


def _pause(item: SyncItem) -> SyncTag | None:
    """The tag, if the item waits until it is resumed."""
    return None if item.is_finished else SyncTag.objects.filter(pk=item.tag_id, state=TagState.PAUSED).first()
