"""A site whose pages have any address, and whose URLs are included before ours."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("A page.", status=404)


urlpatterns = [
    re_path(r"^((?:[\w-]+/)*)$", page),
    path("bgsync/", include("django_bgsync.urls")),
]
