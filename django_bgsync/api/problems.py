"""Errors of the envelope as `application/problem+json` (RFC 9457).

Any answer but 2xx tells the client that nothing is known about any item and that it must keep all of them:

* 401 and 409 stop it until the session changes (`not_authenticated`, `client_revoked`, `wrong_owner`);
* 403 `csrf_failed` makes it fetch a new token and try once more;
* 413 makes it send fewer items at a time, and so does 400 for more than one item;
* 429 and 503 make it wait for `Retry-After`.
"""

from __future__ import annotations

import logging
import math

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, UnreadablePostError
from rest_framework import exceptions as drf

from django_bgsync import exceptions as ours
from django_bgsync.applying.results import UNAVAILABLE_RETRY
from django_bgsync.exceptions import EnvelopeError

CSRF_PREFIX = "CSRF Failed"  # what DRF's SessionAuthentication puts before Django's reason

logger = logging.getLogger("django_bgsync")


def translate(error: Exception, request: HttpRequest) -> EnvelopeError:
    """The problem that any exception is to the client."""
    match error:
        case EnvelopeError():
            return error
        case drf.NotAuthenticated() | drf.AuthenticationFailed():
            return ours.NotAuthenticated()
        case drf.PermissionDenied() if str(error.detail).startswith(CSRF_PREFIX):
            return ours.CsrfFailed(str(error.detail))
        case drf.PermissionDenied() | PermissionDenied():
            return ours.PermissionRefused()
        case drf.MethodNotAllowed():
            return ours.MethodNotAllowed(str(error.detail))
        case drf.NotFound() | Http404():
            return ours.NotFound()
        case drf.UnsupportedMediaType():
            return ours.UnsupportedMediaType(str(error.detail))
        case drf.Throttled():
            return ours.Throttled(retry_after=math.ceil(getattr(error, "wait", None) or 1))
        case drf.ParseError() | RequestDataTooBig() | SuspiciousOperation() | UnreadablePostError():
            return ours.InvalidEnvelope(str(error))
        case _:
            return _report(error, request)


def _report(error: Exception, request: HttpRequest) -> EnvelopeError:
    """A fault of the server, or of its database. To the client it is a reason to wait; to the project it must not be
    silent.
    """
    logger.error("A request could not be answered.", exc_info=error)
    if not isinstance(error, DatabaseError | InterfaceError):
        got_request_exception.send(sender=None, request=request)
    return ours.Unavailable(retry_after=UNAVAILABLE_RETRY)
