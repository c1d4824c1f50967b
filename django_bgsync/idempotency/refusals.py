"""Refusals as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json

from django.http import HttpResponse

from django_bgsync.exceptions import EnvelopeError, NotAuthenticated


def problem_response(error: EnvelopeError) -> HttpResponse:
    document = {"title": error.title, "status": error.status, "code": error.code, "detail": error.detail, **error.extra}
    response = HttpResponse(json.dumps(document), status=error.status, content_type="application/problem+json")
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    if error.status == NotAuthenticated.status:
        response["WWW-Authenticate"] = "BGSync"
    return response
