"""Django's change list, by key: no page number, no count."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.http import HttpRequest

from django_bgsync.reports import paging


class KeysetChangeList(ChangeList):
    """The parameter `p` is a cursor. `cl.newer` and `cl.older` are the addresses of the pages beside this one."""

    model_admin: Any
    show_all = False

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        return list(self.model_admin.order_of(self))

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> Any:
        return super().get_queryset(request, exclude_parameters).defer(*self.model_admin.list_deferred)

    def get_results(self, request: HttpRequest) -> None:
        cursor = request.GET.get(PAGE_VAR, "")
        try:
            found = paging.page(self.queryset, tuple(self.model_admin.order_of(self)), cursor, self.list_per_page)
        except paging.UnknownCursor as error:
            raise IncorrectLookupParameters from error
        self.result_list = found.rows
        # Of this page only: Django's templates compare the two, and offer what belongs to a count if they differ.
        self.result_count = self.full_result_count = len(found.rows)
        self.show_full_result_count = self.can_show_all = self.multi_page = self.show_all = False
        self.show_admin_actions = bool(found.rows)
        self.paginator = self.model_admin.get_paginator(request, found.rows, self.list_per_page)
        self.first_page = self._page("") if cursor else None
        self.previous_page, self.next_page = self._page(found.previous), self._page(found.next)
        self.last_page = self._page(paging.OLDEST) if found.next else None

    def _page(self, cursor: str | None) -> str | None:
        return None if cursor is None else self.get_query_string({PAGE_VAR: cursor} if cursor else {})

    @property
    def links(self) -> list[tuple[str, str, str]]:
        """What our own links narrow the list to: the filter's name, its value, and the address without it."""
        described = self.model_admin.describe_links(self.params)
        return [(name, text, self.get_query_string(remove=[parameter])) for parameter, name, text in described]
