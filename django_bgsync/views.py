"""Pages and scripts that are not part of the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views import View

from django_bgsync import conf, service_worker


class ServiceWorkerView(View):
    """The service worker: configuration and bundle in one body, the same for everybody.

    No login and no redirect, since a browser refuses a worker that was redirected; no `Vary: Cookie`, since nothing
    depends on who asks.
    """

    http_method_names = ("get", "head", "options")
    lifecycle = True
    """False for `worker.js`, which a worker of the project's own imports: its life cycle is the project's."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.login_required = False  # type: ignore[attr-defined]  # read by LoginRequiredMiddleware
        return view

    def get(self, request: HttpRequest) -> HttpResponseBase:
        script = service_worker.render(lifecycle=self.lifecycle)
        response = HttpResponse(script.text, content_type="text/javascript; charset=utf-8")
        response["Cache-Control"] = "no-cache"
        response["Service-Worker-Allowed"] = conf.service_worker("SCOPE")
        response["ETag"] = script.etag
        return get_conditional_response(request, etag=script.etag, response=response) or response
