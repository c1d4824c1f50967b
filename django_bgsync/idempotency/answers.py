"""The answers of views: which of them are kept, as what, and how they are given again."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url

from django_bgsync import drf

MAX_BODY = 256 * 1024
MAX_WRITTEN = 8 * MAX_BODY
"""JSON writes one control character as six."""
REDIRECTS = (301, 302, 303, 307, 308)


def is_verdict(response: HttpResponseBase, request: HttpRequest) -> bool:
    """Whether the view has answered what was asked.

    An answer about who asks, how often, or with which CSRF token, and a fault of the server, is no verdict: the same
    request may be answered otherwise in a minute.
    """
    status = response.status_code
    if status in (401, 429) or status >= 500:
        return False
    if status == 403:
        return request.user.is_authenticated and not drf.refuses_sender(response, request)
    return status not in REDIRECTS or not _leads_to_login(response)


def write(response: HttpResponseBase) -> dict[str, Any]:
    """What is kept of an answer, JSON-ready. Never its cookies, which are for one browser at one time."""
    answer = {
        "status": response.status_code,
        "type": response.get("Content-Type"),
        "location": response.get("Location"),
        "encoding": response.get("Content-Encoding"),
    }
    return {**answer, **_write_body(response)}


def read(answer: Mapping[str, Any]) -> HttpResponse:
    """The answer again; an empty 204 with a header that says so if its body was not kept."""
    if "text" not in answer and "base64" not in answer:
        return HttpResponse(status=204, headers={"BGSync-Response": "not-kept"})
    # Bytes, not text: that would be encoded again, as the answer's type says.
    content = answer["text"].encode() if "text" in answer else b64decode(answer["base64"])
    response = HttpResponse(content, status=answer["status"], content_type=answer["type"])
    if answer["type"] is None:
        del response["Content-Type"]
    if answer["location"] is not None:
        response["Location"] = answer["location"]
    if answer.get("encoding"):  # not kept by the first versions
        response["Content-Encoding"] = answer["encoding"]
    return response


def readable(response: HttpResponseBase) -> HttpResponseBase:
    """A kept redirect as a 204 with its `Location`: a script that must not follow redirects sees nothing of one.

    Our client follows none, since most lead to a login page.
    """
    if response.status_code not in REDIRECTS or response.get("X-BGSync") != "1":
        return response
    headers = {"Location": response["Location"], "BGSync-Response": "redirect", "X-BGSync": "1"}
    return HttpResponse(status=204, headers=headers)


def _write_body(response: HttpResponseBase) -> dict[str, str]:
    if not isinstance(response, HttpResponse) or len(response.content) > MAX_BODY:
        return {}
    try:
        return {"text": response.content.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(response.content).decode()}


def _leads_to_login(response: HttpResponseBase) -> bool:
    return urlsplit(response.get("Location", "")).path == urlsplit(resolve_url(settings.LOGIN_URL)).path
