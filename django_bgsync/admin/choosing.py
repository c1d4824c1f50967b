"""Operations on the items of a list, those that were ticked or all that match: each leads to the confirm page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR, SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from django_bgsync.admin.filters import read_period
from django_bgsync.admin.operating import may, operate_links, operate_url
from django_bgsync.admin.readonly import ModelAdmin
from django_bgsync.enums import Operation
from django_bgsync.models import SyncItem
from django_bgsync.operations.selections import NO_EXCEPTION
from django_bgsync.reports import search

IN_LISTS = (Operation.RETRY, Operation.DISCARD, Operation.RELEASE)
_FEATURES = {
    "state__exact": "state",
    "code__exact": "code",
    "tag__name__exact": "tag",
    "client__id__exact": "client",
    "delivery__id__exact": "delivery",
    "exception__exact": "exception",
    "lane__exact": "lane",
}
"""What a list can be narrowed to, as features of a selection."""
_PERIODS = {"period": ("received_since", "received_before"), "finished": ("since", "before")}
_BESIDE = {PAGE_VAR, ERROR_FLAG}
"""Parameters that narrow nothing."""


class ItemChoice(ModelAdmin):
    """For the admin of items."""

    change_list_template = "admin/django_bgsync/syncitem/change_list.html"
    actions: Any = ("retry_chosen", "discard_chosen", "release_chosen")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        features = _features(request.GET.dict())
        links = operate_links(request, *IN_LISTS, **features) if features else []
        return super().changelist_view(request, {**(extra_context or {}), "operations": links})

    @admin.action(description=_("Retry chosen items"), permissions=["retry"])
    def retry_chosen(self, request: HttpRequest, rows: QuerySet[SyncItem]) -> HttpResponse:
        return _lead(request, Operation.RETRY, rows)

    @admin.action(description=_("Discard chosen items"), permissions=["discard"])
    def discard_chosen(self, request: HttpRequest, rows: QuerySet[SyncItem]) -> HttpResponse:
        return _lead(request, Operation.DISCARD, rows)

    @admin.action(description=_("Release chosen items from their lanes"), permissions=["release"])
    def release_chosen(self, request: HttpRequest, rows: QuerySet[SyncItem]) -> HttpResponse:
        return _lead(request, Operation.RELEASE, rows)

    def has_retry_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may(request, Operation.RETRY)

    def has_discard_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may(request, Operation.DISCARD)

    def has_release_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may(request, Operation.RELEASE)


def _features(params: dict[str, str]) -> dict[str, Any] | None:
    """The features that a list is narrowed to; None if it is not, or in a way that no selection can name."""
    found: dict[str, Any] = {}
    text = params.pop(SEARCH_VAR, "").strip()
    try:
        periods = {name: read_period(params[name]) for name in _PERIODS if params.get(name)}
    except IncorrectLookupParameters:
        return None
    if params.get("exception__exact") == "":
        found["exception"] = NO_EXCEPTION
    for name, value in params.items():
        if not value or name in _BESIDE:
            continue
        if name in _FEATURES:
            found[_FEATURES[name]] = value
        elif name in periods:
            found |= dict(zip(_PERIODS[name], periods[name], strict=True))
        else:
            return None
    if not text:
        return found or None
    searched = search.features(text) if "\0" not in text else {}
    fits = all(found.get(name, value) == value for name, value in searched.items())
    return found | searched if searched and fits else None


def _lead(request: HttpRequest, kind: Operation, rows: QuerySet[SyncItem]) -> HttpResponse:
    """Named one by one even if the whole list was chosen: the stock admin's is a page long."""
    pks = rows.values_list("pk", flat=True)
    return HttpResponseRedirect(operate_url(kind, id=[pk.hex for pk in pks], next=request.get_full_path()))
