"""What every page of ours shares: nothing can be added, changed or deleted by hand, lists are paged by key, and rows
name their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.admin.utils import quote
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from django_bgsync.admin.changelist import KeysetChangeList
from django_bgsync.printing import short, visible

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin  # subscriptable only to type checkers

LONGEST_NAMED = 30


class ReadOnlyAdmin(ModelAdmin):
    list_per_page = 50
    actions: Any = None
    # Each of these would count or sort a table that only grows.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    order: tuple[str, ...] = ("pk",)
    """The fields that order the list: an index holds them, and together they are unique."""
    list_deferred: tuple[str, ...] = ()
    """Long fields that lists do not show."""
    search: Any = None
    """A function that finds rows by what was typed; see `reports.search`."""
    linked_by: ClassVar[dict[str, Any]] = {}
    """Lookups that our own links use beside those that the lists offer, and what each names."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def order_of(self, changelist: Any) -> tuple[str, ...]:
        return self.order

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return ("pk",) if self.search else ()  # only so that Django shows the field

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        text = search_term.strip()
        return (self.search(queryset, text) if self.search and text and "\0" not in text else queryset), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """What filters and our own links ask. Any other question would be answered about columns that are not shown:
        payloads, and the secret ids of visitors.
        """
        if lookup not in {*self.linked_by, *self._asked_by_filters()}:
            raise IncorrectLookupParameters  # leads back to the list
        return True

    def _asked_by_filters(self) -> Iterator[str]:
        for listed in self.list_filter:
            if isinstance(listed, str):
                target = getattr(self.opts.get_field(listed), "target_field", None)
                yield from [f"{listed}__{target.name}__exact"] if target else [listed, f"{listed}__exact"]
            else:
                yield getattr(listed, "parameter_name", "")

    def describe_links(self, params: dict[str, str]) -> Iterator[tuple[str, Any, str]]:
        """Of each lookup that a link of ours brought along: the parameter, what it names, and its value."""
        for parameter, name in self.linked_by.items():
            if parameter in params:
                value = params[parameter]
                yield parameter, name, visible(short(value) if len(value) > LONGEST_NAMED else value) or "–"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        # Joined for single pages too: a row that is gone (a deleted user) is then None and not an exception.
        joined = self.list_select_related
        rows = super().get_queryset(request)
        return rows.select_related(*joined) if isinstance(joined, tuple) and joined else rows

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def link_to(model: type[models.Model], pk: Any, text: str) -> SafeString | str:
    """A link to the page of one row; "-" for none."""
    if pk is None:
        return "-"
    return format_html('<a href="{}">{}</a>', page_of(model, pk), visible(text))


def link_to_list(model: type[models.Model], text: Any, **filters: Any) -> SafeString:
    """A link to the rows of a model that match."""
    return format_html('<a href="{}">{}</a>', list_of(model, **filters), text)


def page_of(model: type[models.Model], pk: Any) -> str:
    """The address of one row's page."""
    return reverse(admin_urlname(model._meta, "change"), args=[quote(pk)])  # type: ignore[arg-type]  # SafeString is a str


def list_of(model: type[models.Model], **filters: Any) -> str:
    """The address of the rows of a model that match."""
    url = reverse(admin_urlname(model._meta, "changelist"))  # type: ignore[arg-type]  # as above
    return f"{url}?{urlencode(filters)}" if filters else url
