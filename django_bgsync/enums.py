"""Every state, status and code of the protocol. `docs/reference/` has a row for each member."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ItemState(TextChoices):
    """Where an item stands on the server. Dead, discarded and the like are codes of `rejected`, not states."""

    RECEIVED = "received", _("received")
    """Stored; its handler has not finished yet."""
    WAITING = "waiting", _("waiting")
    """A try failed; the next one is due at `next_at`."""
    APPLIED = "applied", _("applied")
    """Its effect is committed. Final."""
    REJECTED = "rejected", _("rejected")
    """It will not be applied unless somebody reopens it."""
    CONFLICT = "conflict", _("conflict")
    """Its handler found other data in its place."""

    @classmethod
    def unfinished(cls) -> tuple[ItemState, ...]:
        return (cls.RECEIVED, cls.WAITING)


class Status(TextChoices):
    """The server's verdict on one item, as the client reads it."""

    APPLIED = "applied", _("applied")
    ACCEPTED = "accepted", _("accepted")
    REJECTED = "rejected", _("rejected")
    CONFLICT = "conflict", _("conflict")
    DEFERRED = "deferred", _("deferred")


class Disposition(TextChoices):
    """What the client does with the item now."""

    DONE = "done", _("delete it from the outbox")
    WAIT = "wait", _("keep it, stop sending, ask for news")
    PARK = "park", _("keep it, stop sending, show the user")
    RETRY = "retry", _("keep it, send it again later")


DISPOSITIONS: dict[Status, Disposition] = {
    Status.APPLIED: Disposition.DONE,
    Status.ACCEPTED: Disposition.WAIT,
    Status.REJECTED: Disposition.PARK,
    Status.CONFLICT: Disposition.PARK,
    Status.DEFERRED: Disposition.RETRY,
}


class Code(TextChoices):
    """Why: the machine-readable reason beside a status. A handler's `Rejected` may bring its own."""

    OK = "ok", _("applied")
    QUEUED = "queued", _("stored, not tried yet")
    RETRYING = "retrying", _("a try failed, the server tries again")
    INVALID = "invalid", _("validation failed")
    FORBIDDEN = "forbidden", _("not allowed")
    REJECTED = "rejected", _("refused by the handler")
    TOO_LARGE = "too_large", _("too large")
    INVALID_ITEM = "invalid_item", _("malformed item")
    UNSTORABLE_PAYLOAD = "unstorable_payload", _("payload cannot be stored")
    BAD_RESULT = "bad_result", _("the handler returned something that cannot be sent")
    DEAD = "dead", _("given up after too many tries")
    CONFLICT = "conflict", _("conflicts with other data")
    PAYLOAD_MISMATCH = "payload_mismatch", _("this id was seen with other content")
    IN_FLIGHT = "in_flight", _("being tried right now")
    UNKNOWN_TAG = "unknown_tag", _("no handler for this tag on the server")
    UNKNOWN_ITEM = "unknown_item", _("never seen by the server")


class Trigger(TextChoices):
    """What made the client flush."""

    ENQUEUE = "enqueue", _("enqueue")
    SYNC = "sync", _("sync event")
    PERIODICSYNC = "periodicsync", _("periodic sync event")
    ONLINE = "online", _("back online")
    LOAD = "load", _("page load")
    VISIBLE = "visible", _("page visible")
    LOGIN = "login", _("login")
    TIMER = "timer", _("timer")
    MANUAL = "manual", _("manual")
    MESSAGE = "message", _("message to the worker")


class Context(TextChoices):
    """Where the client's code ran when it sent."""

    PAGE = "page", _("page")
    WORKER = "worker", _("service worker")
    OTHER = "other", _("other")


class Hand(TextChoices):
    """Who picked the item up for this attempt."""

    RECEIPT = "receipt", _("on receipt")
    REPLAY = "replay", _("on a replay")
    AWAITING = "awaiting", _("when the client asked")


class Outcome(TextChoices):
    """How one attempt ended."""

    APPLIED = "applied", _("applied")
    REJECTED = "rejected", _("rejected")
    CONFLICT = "conflict", _("conflict")
    RETRY_LATER = "retry_later", _("the handler asked for a later try")
    FAILED = "failed", _("failed")
    LOST = "lost", _("lost: the process ended before it finished")
