"""The example under a policy that forbids scripts, styles and pictures from elsewhere, and inline ones."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tests.browser.plain_settings import *  # noqa: F403
from tests.browser.plain_settings import MIDDLEWARE

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"
)
MIDDLEWARE = ["tests.browser.strict_settings.strict", *MIDDLEWARE]


def strict(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def policed(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return policed
