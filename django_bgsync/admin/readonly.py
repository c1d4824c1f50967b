"""What every page of ours shares: nothing can be added, changed or deleted by hand, and rows name their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin  # subscriptable only to type checkers


class ReadOnlyAdmin(ModelAdmin):
    show_full_result_count = False  # a COUNT(*) over a table that only grows
    list_per_page = 50
    actions = None
    linked_by: tuple[str, ...] = ()
    """Lookups that our own links use beside those that the lists offer."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in self.linked_by or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        # Joined for single pages too: a row that is gone (a deleted user) is then None and not an exception.
        joined = self.list_select_related
        rows = super().get_queryset(request)
        return rows.select_related(*joined) if isinstance(joined, tuple) else rows

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
    url = reverse(admin_urlname(model._meta, "change"), args=[pk])  # type: ignore[arg-type]  # SafeString is a str
    return format_html('<a href="{}">{}</a>', url, text)


def link_to_list(model: type[models.Model], text: Any, **filters: Any) -> SafeString:
    """A link to the rows of a model that match."""
    url = reverse(admin_urlname(model._meta, "changelist"))  # type: ignore[arg-type]  # as above
    return format_html('<a href="{}?{}">{}</a>', url, urlencode(filters), text)


def short(identifier: Any) -> str:
    """The end of a UUID, enough to recognise it: a version 7 begins with the time, and a visitor's client id is a
    secret.
    """
    return f"…{str(identifier)[-8:]}"
