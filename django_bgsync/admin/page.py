"""A row's own page in our own template, in place of Django's form of disabled fields."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from django_bgsync.admin import exports
from django_bgsync.admin.readonly import ReadOnlyAdmin


class PageAdmin(ReadOnlyAdmin):
    page_template = ""

    def page_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the template is given beside the row itself, `original`. Of `charts`, `?csv=<name>` hands one out."""
        raise NotImplementedError

    def page_title(self, row: Any) -> str:
        return str(row)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" or not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            return super().change_view(request, object_id)  # leads back to the list, and says why
        shown = self.page_context(request, row)
        if "csv" in request.GET:
            return exports.answer(shown.get("charts", ()), request.GET["csv"])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "title": self.page_title(row),
            "has_view_permission": True,
            **shown,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.page_template, context)
