"""What a request says of itself: its idempotency key, its client, and what makes two requests the same."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from django.http import HttpRequest, RawPostDataException

from django_bgsync import drf, identity
from django_bgsync.enums import Trigger
from django_bgsync.exceptions import InvalidEnvelope
from django_bgsync.fields import MAX_COUNT, is_uuid

MAX_KEY = 255
CSRF_FIELD = "csrfmiddlewaretoken"
_ESCAPED = re.compile(r"\\(.)")
_DIGITS = re.compile(r"[0-9]{1,10}")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Caller(NamedTuple):
    """Who asks for a feed, and why."""

    client_id: UUID | None
    trigger: str
    """One of `Trigger`, or empty."""
    min_interval: int | None
    """The seconds that the page asked the browser for."""


def key_of(request: HttpRequest) -> str | None:
    """The string in the header Idempotency-Key, quoted (draft-ietf-httpapi-idempotency-key-header) or bare.

    None without the header. Raises InvalidEnvelope for a key that is too long.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = _ESCAPED.sub(r"\1", key[1:-1])
    if len(key) > MAX_KEY:
        raise InvalidEnvelope(f"Idempotency-Key has {len(key)} characters; {MAX_KEY} are allowed.")
    return key or None


def client_of(request: HttpRequest) -> UUID | None:
    """The client id in the header BGSync-Client, which may carry parameters after a semicolon."""
    value, _, _ = request.headers.get("BGSync-Client", "").partition(";")
    if value and not is_uuid(value.strip()):
        raise InvalidEnvelope("The header BGSync-Client must hold a UUID.")
    return UUID(value.strip()) if value else None


def caller_of(request: HttpRequest) -> Caller:
    """The client in the header BGSync-Client with its parameters (`;trigger=periodicsync;min-interval=43200`). What
    these say wrongly is left out: it is for the history only.
    """
    said: dict[str, str] = {}
    for parameter in request.headers.get("BGSync-Client", "").split(";")[1:]:
        name, _, value = parameter.partition("=")
        said.setdefault(name.strip().lower(), value.strip())
    trigger, seconds = said.get("trigger", ""), said.get("min-interval", "")
    is_number = _DIGITS.fullmatch(seconds) is not None and int(seconds) <= MAX_COUNT
    return Caller(client_of(request), trigger if trigger in Trigger.values else "", int(seconds) if is_number else None)


def fingerprint_of(request: HttpRequest, *, like: str | None = None) -> str:
    """Method, full path, and the fields and files of a form, else the body; by the algorithm of the fingerprint `like`.

    A form is compared by what was parsed: its boundary and its CSRF token are others each time it is sent.
    """
    same = {"method": request.method, "path": request.get_full_path(), "content": _content(request)}
    return identity.fingerprint("http", "", json.dumps(same, sort_keys=True).encode(), like=like)


def _content(request: HttpRequest) -> Any:
    content_type = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    # Django itself parses the forms of POST only.
    if content_type in _FORMS and (request.method == "POST" or drf.is_request(request)):
        return {
            "fields": {name: request.POST.getlist(name) for name in request.POST if name != CSRF_FIELD},
            "files": {name: [_digest(file) for file in request.FILES.getlist(name)] for name in request.FILES},
        }
    try:
        return sha256(request.body).hexdigest()
    except RawPostDataException:
        # DRF parsed the stream before us, for a permission or a throttle that asked for `request.data`.
        return json.dumps(request.data, sort_keys=True, default=str)  # type: ignore[attr-defined]  # of DRF's request


def _digest(file: Any) -> str:
    digest = sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)  # for the view
    return digest.hexdigest()
