"""Against requests that a page of another site makes with the cookies of its reader."""

from __future__ import annotations

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from django_bgsync.api import body
from django_bgsync.exceptions import CsrfFailed


def check(request: Request) -> None:
    """Raises CsrfFailed for a POST that a foreign page can make without asking, whatever the authenticator.

    A browser asks first (a CORS preflight) before it sends JSON or a header of ours across sites, but sends forms and
    plain text without a word. `Sec-Fetch-Site` says outright where the page is from (W3C Fetch Metadata).
    """
    if request.method != "POST":
        return
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise CsrfFailed("The page that sent this belongs to another site.")
    if request._request.content_type != body.JSON and request.headers.get("X-BGSync") != "1":
        SessionAuthentication().enforce_csrf(request)
