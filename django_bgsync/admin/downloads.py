"""What clients sent, as files that no browser shows or runs."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TypeVar

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext

from django_bgsync.models import StoredFile
from django_bgsync.printing import visible

R = TypeVar("R", bound=HttpResponseBase)
_HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}


def check(is_allowed: bool) -> None:
    if not is_allowed:
        raise PermissionDenied


def text(content: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/octet-stream")
    return _as_file(response, name)


def stored(row: StoredFile) -> HttpResponseBase:
    """The bytes of a file. Raises Http404 if the storage has lost them."""
    try:
        content = row.file.storage.open(row.file.name or "")
    except OSError as error:
        raise Http404(gettext("The storage no longer has this file.")) from error
    response = FileResponse(content, content_type="application/octet-stream")
    return _as_file(response, row.filename or row.name)


def _as_file(response: R, name: str) -> R:
    bare = PurePosixPath(name.replace("\\", "/")).name or "file"
    bare = " ".join(visible(bare).replace("\\", "_").split())
    response["Content-Disposition"] = content_disposition_header(True, bare) or "attachment"
    for header, value in _HARMLESS.items():
        response[header] = value
    return response
