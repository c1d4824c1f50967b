"""Everything the package raises.

BgsyncError
├── Decision                raised by handlers, becomes the item's result
│   ├── Rejected
│   ├── Conflict
│   └── RetryLater
├── BadResult               a handler returned what cannot be stored or sent
├── BadFeed                 a feed's function returned what cannot be sent
├── ItemFault               one item of a delivery cannot be taken as it is
├── InvalidSelection        an operator's selection cannot be read
└── EnvelopeError           the delivery as a whole is refused; nothing is known about any item
    ├── InvalidEnvelope     400
    ├── InvalidCursor       400
    ├── IdempotencyKeyMissing 400
    ├── NotAuthenticated    401
    ├── ClientRevoked       401
    ├── CsrfFailed          403
    ├── PermissionRefused   403
    ├── NotFound            404
    ├── UnknownFeed         404
    ├── SchemaUnavailable   404
    ├── MethodNotAllowed    405
    ├── WrongOwner          409
    ├── InFlight            409
    ├── KeyTooOld           410
    ├── TooLarge            413
    ├── UnsupportedMediaType 415
    ├── KeyReused           422
    ├── ProtocolUnsupported 426
    ├── Throttled           429
    └── Unavailable         503
"""

from __future__ import annotations

from typing import Any, ClassVar

from django_bgsync.enums import Code


class BgsyncError(Exception):
    """Base of everything this package raises. Do not raise it directly."""


class Decision(BgsyncError):
    """Base of what a handler raises to decide about its item. Nothing the handler wrote stays."""

    def __init__(self, detail: object = "") -> None:
        self.detail = str(detail)
        super().__init__(self.detail)


class Rejected(Decision):
    """The item will never be applied as it is; the client parks it and shows `detail` to the user.

    `code` is up to 64 characters for programs; `extra` is JSON-serialisable and reaches the client as `problem.extra`.
    """

    def __init__(self, detail: object = "", code: str = "rejected", extra: Any = None) -> None:
        super().__init__(detail)
        self.code = code
        self.extra = extra


class Conflict(Decision):
    """Other data stands in the item's place; `current` (JSON-serialisable) is handed to the client."""

    def __init__(self, detail: object = "", current: Any = None) -> None:
        super().__init__(detail)
        self.current = current


class RetryLater(Decision):
    """Try this item again in `after` seconds. Does not count towards `max_attempts`."""

    def __init__(self, after: float, detail: object = "") -> None:
        super().__init__(detail)
        self.after = float(after)


class BadResult(BgsyncError, ValueError):
    """A handler's return value is not JSON, or larger than 16 KiB."""


class BadFeed(BgsyncError, ValueError):
    """A feed's function returned what cannot be sent."""


class ItemFault(BgsyncError):
    """One item cannot be taken as it is. `code` goes into its result; the rest of the delivery is not concerned."""

    def __init__(self, code: Code, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(detail)


class InvalidSelection(BgsyncError, ValueError):
    """What an operator selected cannot be read; the message says which part of it."""


class EnvelopeError(BgsyncError):
    """The delivery as a whole is refused. Clients keep every item.

    Attributes: `status` (HTTP), `code` (stable, for programs), `detail` (for people), `extra` (members added to the
    problem document), `retry_after` (seconds, or None).
    """

    status: ClassVar[int]
    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str = "", *, retry_after: int | None = None, **extra: Any) -> None:
        self.detail = detail or self.title
        self.retry_after = retry_after
        self.extra = extra
        super().__init__(self.detail)


class InvalidEnvelope(EnvelopeError, ValueError):
    status, code, title = 400, "invalid_envelope", "The delivery cannot be read."


class InvalidCursor(EnvelopeError, ValueError):
    status, code, title = 400, "invalid_cursor", "The feed does not know this cursor; begin without one."


class IdempotencyKeyMissing(EnvelopeError):
    status, code, title = 400, "idempotency_key_missing", "This address needs the header Idempotency-Key."


class NotAuthenticated(EnvelopeError):
    status, code, title = 401, "not_authenticated", "Sign in first."


class ClientRevoked(EnvelopeError):
    status, code, title = 401, "client_revoked", "This client has been revoked by an operator."


class CsrfFailed(EnvelopeError):
    status, code, title = 403, "csrf_failed", "The CSRF token is missing or wrong."


class PermissionRefused(EnvelopeError):
    status, code, title = 403, "permission_denied", "This user may not sync."


class NotFound(EnvelopeError):
    status, code, title = 404, "not_found", "There is nothing here."


class UnknownFeed(EnvelopeError):
    status, code, title = 404, "unknown_feed", "This site has no such feed."


class SchemaUnavailable(EnvelopeError):
    status, code, title = 404, "schema_unavailable", "The schema needs drf-spectacular: install django-bgsync[openapi]."


class MethodNotAllowed(EnvelopeError):
    status, code, title = 405, "method_not_allowed", "This address does not answer that method."


class WrongOwner(EnvelopeError):
    status, code, title = 409, "wrong_owner", "These items belong to somebody else than the session does."


class InFlight(EnvelopeError):
    status, code, title = 409, "in_flight", "This request is being worked on right now."


class KeyTooOld(EnvelopeError):
    status, code, title = 410, "id_too_old", "This key was used so long ago that its answer is gone. Nothing was run."


class TooLarge(EnvelopeError):
    status, code, title = 413, "too_large", "The delivery is too large; send fewer items at once."


class UnsupportedMediaType(EnvelopeError):
    status, code, title = 415, "unsupported_media_type", "Send application/json."


class KeyReused(EnvelopeError):
    status, code, title = 422, "payload_mismatch", "This key was used before for another request. Nothing was run."


class ProtocolUnsupported(EnvelopeError):
    status, code, title = 426, "protocol_unsupported", "This server speaks another protocol version."


class Throttled(EnvelopeError):
    status, code, title = 429, "throttled", "Too many requests."


class Unavailable(EnvelopeError):
    status, code, title = 503, "unavailable", "The server cannot take items right now; keep them and try again."
