"""The example's pages, and a service worker of the site's own."""

import os

from django.http import HttpRequest, HttpResponse
from django.urls import path

from example_project.urls import urlpatterns as example


def their_worker(request: HttpRequest) -> HttpResponse:
    return HttpResponse(os.environ["THEIR_WORKER"], content_type="text/javascript")


urlpatterns = [path("their-worker.js", their_worker), *example]
