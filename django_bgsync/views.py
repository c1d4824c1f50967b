"""Pages and scripts that are not part of the API."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import get_script_prefix
from django.utils.cache import get_conditional_response
from django.views import View

from django_bgsync import service_worker
from django_bgsync.service_worker import precache
from django_bgsync.upkeep import health

logger = logging.getLogger("django_bgsync")


class OpenView(View):
    """For everybody to read, without a login and without a redirect to one."""

    http_method_names = ("get", "head", "options")

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        view = super().as_view(**initkwargs)
        view.login_required = False  # type: ignore[attr-defined]  # read by LoginRequiredMiddleware
        return view


class ServiceWorkerView(OpenView):
    """The service worker: configuration and bundle in one body, the same for everybody.

    A browser refuses a worker that was redirected. No `Vary: Cookie`, since nothing depends on who asks.
    """

    lifecycle = True
    """False for `worker.js`, which a worker of the project's own imports: its life cycle is the project's."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        script = service_worker.render(lifecycle=self.lifecycle)
        response = HttpResponse(script.text, content_type="text/javascript")
        response["Cache-Control"] = "no-cache"
        response["Service-Worker-Allowed"] = service_worker.scope()
        response["ETag"] = script.etag
        return get_conditional_response(request, etag=script.etag, response=response) or response


class PageView(OpenView):
    """A page that is the same for everybody: browsers fetch it without credentials, and keep it for whoever comes."""

    template_name = ""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        response = render(request, self.template_name, {"home": get_script_prefix()})
        response["Cache-Control"] = "no-cache"
        return response


class OfflineView(PageView):
    """What the service worker shows where a page cannot be loaded."""

    template_name = precache.OFFLINE


class InspectorView(PageView):
    """The outbox of whoever looks. The page's script reads it in the browser; the server knows nothing of it."""

    template_name = precache.INSPECTOR


class HealthView(OpenView):
    """For monitors: 200 as long as what is due gets done, else 503; the database's own failure included."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        seen = health.look()
        document = asdict(seen) if _is_staff(request) else {"status": seen.status}
        response = JsonResponse(document, status=200 if seen.status == "ok" else 503)
        response["Cache-Control"] = "no-store"
        response["X-BGSync"] = "1"
        return response


def _is_staff(request: HttpRequest) -> bool:
    try:
        user = getattr(request, "user", None)
        return bool(user is not None and user.is_active and getattr(user, "is_staff", False))
    except Exception:  # sessions and users may lie in the database whose failure is what there is to tell
        logger.warning("Whoever asks for the health cannot be looked up.", exc_info=True)
        return False
