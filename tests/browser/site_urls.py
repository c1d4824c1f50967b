"""The example's pages, an API, and a service worker of the site's own."""

import os

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from example_project.urls import urlpatterns as example

from .api import article, router


def their_worker(request: HttpRequest) -> HttpResponse:
    return HttpResponse(os.environ["THEIR_WORKER"], content_type="text/javascript")


def release(request: HttpRequest) -> HttpResponse:
    """A file that only this release has."""
    return HttpResponse("main {}", content_type="text/css")


urlpatterns = [
    path("their-worker.js", their_worker),
    path("api/", include(router.urls)),
    path(f"release-{os.environ.get('RELEASE')}.css", release),
    path("articles/<int:number>/", article),
    *example,
]
