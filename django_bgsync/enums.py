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
    HELD = "held", _("held")
    """An earlier item of its lane is not finished."""
    APPLIED = "applied", _("applied")
    """Its effect is committed. Final."""
    REJECTED = "rejected", _("rejected")
    """It will not be applied unless somebody reopens it."""
    CONFLICT = "conflict", _("conflict")
    """Its handler found other data in its place."""

    @classmethod
    def unfinished(cls) -> tuple[ItemState, ...]:
        return (cls.RECEIVED, cls.WAITING, cls.HELD)


class TagState(TextChoices):
    """What an operator lets a tag do."""

    OPEN = "open", _("open")
    """Items are received and applied."""
    PAUSED = "paused", _("paused")
    """Items are received; nothing is applied until the tag is open again."""
    CLOSED = "closed", _("closed")
    """New items are rejected; those received before go on."""


class Mode(TextChoices):
    """When a handler runs."""

    INLINE = "inline", _("inline")
    """Within the delivery; the client hears the outcome at once."""
    BACKGROUND = "background", _("background")
    """Later, by a worker; the client is answered `accepted`."""


class Status(TextChoices):
    """The server's verdict on one item, as the client reads it."""

    APPLIED = "applied", _("applied")
    ACCEPTED = "accepted", _("accepted")
    REJECTED = "rejected", _("rejected")
    CONFLICT = "conflict", _("conflict")
    EXPIRED = "expired", _("expired")
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
    Status.EXPIRED: Disposition.PARK,
    Status.DEFERRED: Disposition.RETRY,
}


class Code(TextChoices):
    """Why: the machine-readable reason beside a status. A handler's `Rejected` may bring its own."""

    OK = "ok", _("applied")
    QUEUED = "queued", _("stored, not tried yet")
    HELD = "held", _("waits for an earlier item of its lane")
    PAUSED = "paused", _("an operator paused its tag")
    RETRYING = "retrying", _("a try failed, the server tries again")
    INVALID = "invalid", _("validation failed")
    FORBIDDEN = "forbidden", _("not allowed")
    REJECTED = "rejected", _("refused by the handler")
    TOO_LARGE = "too_large", _("too large")
    INVALID_ITEM = "invalid_item", _("malformed item")
    UNSTORABLE_PAYLOAD = "unstorable_payload", _("payload cannot be stored")
    TAG_CLOSED = "tag_closed", _("an operator closed its tag")
    BAD_RESULT = "bad_result", _("the handler returned something that cannot be sent")
    DEAD = "dead", _("given up after too many tries")
    DISCARDED = "discarded", _("discarded by an operator")
    CONFLICT = "conflict", _("conflicts with other data")
    PAYLOAD_MISMATCH = "payload_mismatch", _("this id was seen with other content")
    EXPIRED = "expired", _("too old when it arrived")
    ID_TOO_OLD = "id_too_old", _("its id lies in a purged range")
    IN_FLIGHT = "in_flight", _("being tried right now")
    OUT_OF_ORDER = "out_of_order", _("the item before it in its lane has not arrived")
    UNKNOWN_TAG = "unknown_tag", _("no handler for this tag on the server")
    UNKNOWN_ITEM = "unknown_item", _("never seen by the server")
    THROTTLED = "throttled", _("too many items in a short time")
    UNAVAILABLE = "unavailable", _("the database went away before it was settled")


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
    WORKER = "worker", _("by a worker")
    SWEEPER = "sweeper", _("by the sweeper")
    OPERATOR = "operator", _("by an operator")


CLIENT_HANDS = (Hand.RECEIPT, Hand.REPLAY, Hand.AWAITING)
"""A client waits for the answer: background items are not theirs to try."""


class Outcome(TextChoices):
    """How one attempt ended."""

    APPLIED = "applied", _("applied")
    REJECTED = "rejected", _("rejected")
    CONFLICT = "conflict", _("conflict")
    RETRY_LATER = "retry_later", _("the handler asked for a later try")
    FAILED = "failed", _("failed")
    LOST = "lost", _("lost: the process ended before it finished")


class PullOutcome(TextChoices):
    """How one pull of a feed ended."""

    COMPLETE = "complete", _("complete")
    """The client has everything."""
    PARTIAL = "partial", _("partial")
    """There is more, which the client has not asked for (yet)."""
    UNCHANGED = "unchanged", _("unchanged")
    """The client had it already: 304."""
    REFUSED = "refused", _("refused")
    """The feed's function has refused: a cursor of somebody else, no permission, nothing there."""
    FAILED = "failed", _("failed")
    """The feed's function has raised, or returned what cannot be sent; the traceback is kept."""


class Operation(TextChoices):
    """What an operator can ask for."""

    RETRY = "retry", _("retry")
    """Parked, waiting and held items are due at once, and may fail as often as new ones."""
    RECOVER = "recover", _("recover what failed")
    """The same with everything that failed through no decision of a handler since a time."""
    DISCARD = "discard", _("discard")
    """Items that are not applied are rejected for good."""
    RELEASE = "release", _("release")
    """Held items no longer wait for those before them in their lanes."""
    PAUSE = "pause", _("pause")
    RESUME = "resume", _("resume")
    CLOSE = "close", _("close")
    REVOKE = "revoke", _("revoke")
    """A client is no longer listened to."""
    RESTORE = "restore", _("restore")
    """A revoked client is listened to again."""
    RENAME = "rename", _("rename")


class ActionState(TextChoices):
    """How far an operator's action has come."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    """What was done before stays done."""
    FAILED = "failed", _("failed")
    """It ended with an error; what was done before stays done."""


class NoteKind(TextChoices):
    """What was done to an item beside its tries."""

    REOPENED = "reopened", _("opened again")
    DISCARDED = "discarded", _("discarded")
    RELEASED = "released", _("released from its lane")
