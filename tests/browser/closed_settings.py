"""The example below a path of its server, closed to visitors, under a policy that allows its own origin alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tests.browser.closed_wsgi import PREFIX
from tests.browser.site_settings import *  # noqa: F403
from tests.browser.site_settings import MIDDLEWARE as USUAL

FORCE_SCRIPT_NAME = f"{PREFIX}/"
STATIC_URL = f"{PREFIX}/static/"
MIDDLEWARE = [
    "tests.browser.closed_settings.restrict",
    *USUAL,
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]


def restrict(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["Content-Security-Policy"] = "default-src 'self'"
        return response

    return respond
