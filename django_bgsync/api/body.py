"""Reading a request's body without trusting its length."""

from __future__ import annotations

from django.http import HttpRequest

from django_bgsync import conf
from django_bgsync.exceptions import TooLarge, UnsupportedMediaType


def read(request: HttpRequest) -> bytes:
    """The body, of at most `MAX_BYTES`. Raises UnsupportedMediaType and TooLarge.

    Read from the stream: `request.body` would apply DATA_UPLOAD_MAX_MEMORY_SIZE, which answers in HTML.
    """
    if request.content_type != "application/json":
        raise UnsupportedMediaType(f"{request.content_type or 'A body without a type'} is not application/json.")
    maximum = conf.settings.MAX_BYTES
    body = b"" if _announced(request) > maximum else request.read(maximum + 1)
    if len(body) > maximum or _announced(request) > maximum:
        raise TooLarge(f"The body is larger than {maximum} bytes.", limits=conf.limits())
    return body


def _announced(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
