"""What `service_workers` makes of the example, for users alone, under a strict policy that tells of what breaks it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tests.browser.site_settings import *  # noqa: F403
from tests.browser.site_settings import BGSYNC as USUAL_BGSYNC
from tests.browser.site_settings import MIDDLEWARE as USUAL

REPORTS = "/reports/"
BGSYNC = {**USUAL_BGSYNC, "PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"]}
MIDDLEWARE = ["tests.browser.policed_settings.police", *USUAL]


def police(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = f"default-src 'self'; report-uri {REPORTS}"
        return response

    return respond
