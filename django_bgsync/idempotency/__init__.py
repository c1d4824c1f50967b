"""Views that run at most once for each key.

A request with an `Idempotency-Key` is an item like any other: its receipt is committed, then the view runs as the
item's handler, and its answer is the item's result, committed together with what the view wrote. The handler is made
for this one request and is in no registry, so that nobody but a replay of the request tries the item again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import Any, ParamSpec, overload
from uuid import UUID

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from django_bgsync import database, drf
from django_bgsync.applying.claims import FRESH_CLAIM, Claim, take
from django_bgsync.applying.processing import apply
from django_bgsync.applying.results import IN_FLIGHT_RETRY
from django_bgsync.applying.tries import Try
from django_bgsync.enums import Context, Hand, ItemState, TagState
from django_bgsync.exceptions import (
    EnvelopeError,
    IdempotencyKeyMissing,
    InFlight,
    KeyReused,
    KeyTooOld,
    PermissionRefused,
    Unavailable,
    WrongOwner,
)
from django_bgsync.idempotency import answers, keyed_requests
from django_bgsync.idempotency.refusals import problem_response
from django_bgsync.idempotency.view_runs import ViewRun
from django_bgsync.identity import client_key, item_key, key_id, uuid7
from django_bgsync.milestones import Milestone, reach
from django_bgsync.models import MAX_TAG, ConflictingCopy, Delivery, SyncClient, SyncItem, SyncTag
from django_bgsync.owners import Owner
from django_bgsync.receiving import clients, replays, throttling, visitors
from django_bgsync.rows import ledger
from django_bgsync.upkeep import retention

P = ParamSpec("P")
View = Callable[P, HttpResponseBase]

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
PAUSED_RETRY = 60
"""Seconds after which to ask whether an operator goes on with a tag."""


@overload
def idempotent(view: View[P], *, required: bool = ...) -> View[P]: ...
@overload
def idempotent(view: None = ..., *, required: bool = ...) -> Callable[[View[P]], View[P]]: ...
def idempotent(view: View[P] | None = None, *, required: bool = False) -> Any:
    """Run a view at most once for each owner and `Idempotency-Key`, and give its answer again to every replay.

    For function views, class-based views (`method_decorator`), DRF views (below `@api_view`) and methods of ViewSets.
    The view runs in a transaction. What it wrote is committed together with its answer; an exception rolls that back,
    and is kept as the answer if Django or DRF answer it below 500. With `required`, no key is answered 400.
    """
    if view is None:
        return partial(idempotent, required=required)
    if iscoroutinefunction(view):
        raise TypeError(f"{view.__qualname__} is async: what it writes cannot share a transaction with its answer.")

    @wraps(view)
    def keyed(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        request = next(value for value in args if isinstance(value, HttpRequest) or drf.is_request(value))
        try:
            response = _respond(request, view, partial(view, *args, **kwargs), required=required)
            return answers.readable(response) if request.headers.get("X-BGSync") == "1" else response
        except EnvelopeError as error:
            response = problem_response(error)
            response["X-BGSync"] = "1"
            return response

    return keyed


def _respond(
    request: HttpRequest, view: Callable[..., Any], call: Callable[[], HttpResponseBase], *, required: bool
) -> HttpResponseBase:
    client_id = keyed_requests.client_of(request)
    owner = _owner(request, client_id, request.headers.get("BGSync-Owner", ""))
    if request.method in SAFE:
        return call()
    key = keyed_requests.key_of(request)
    if key is None and required:
        raise IdempotencyKeyMissing
    if key is None or owner is None:
        return call()
    _admit(request, client_id, owner)
    with database.joining():
        return _once(_receipt(request, view, key, owner, client_id), ViewRun(request, call))


def _owner(request: HttpRequest, client_id: UUID | None, claimed: str) -> Owner | None:
    """The signed-in user, or the visitor that this client is or was; None for a visitor nobody could tell from others.

    Raises WrongOwner if the client has named somebody else.
    """
    if request.user.is_authenticated:
        return visitors.sender(Owner(request.user), claimed, client_id)
    if visitors.may_be_visitor(client_id):
        return visitors.sender(Owner(None, visitor=client_id), claimed, client_id)
    if claimed:
        raise WrongOwner(owner=None)
    return None


def _admit(request: HttpRequest, client_id: UUID | None, owner: Owner) -> None:
    """Raises ClientRevoked, and WrongOwner for a visitor whose requests are another user's by now."""
    if client_id and owner.visitor and owner.user_id:  # the first user to bring them: to be remembered
        sender = throttling.sender_of(request)
        clients.meet(client_id, owner, request.headers.get("User-Agent", ""), timezone.now(), sender=sender)
    else:
        clients.check(client_id, owner)


def _receipt(
    request: HttpRequest, view: Callable[..., Any], key: str, owner: Owner, client_id: UUID | None
) -> SyncItem:
    """The row of a new key, with its first claim. Nothing of the body is in it: nobody will run it from there."""
    now, item_id = timezone.now(), key_id(key)
    payload = json.dumps({"method": request.method, "path": request.get_full_path()})
    return SyncItem(
        pk=item_key(owner.reference, item_id),
        item_id=item_id,
        owner=owner.reference,
        user_id=owner.user_id,
        client_id=client_key(owner.reference, client_id) if client_id else None,
        tag_id=_tag(request, view),
        delivery_id=uuid7(),
        fingerprint=keyed_requests.fingerprint_of(request),
        payload=payload,
        size=len(payload),
        received_at=now,
        next_at=now,
        attempts=1,
        claimed_at=now,
        claimed_by=Hand.RECEIPT,
    )


def _tag(request: HttpRequest, view: Callable[..., Any]) -> str:
    match = request.resolver_match
    return f"http:{match.view_name if match else view.__qualname__}"[:MAX_TAG]


def _once(receipt: SyncItem, run: ViewRun) -> HttpResponseBase:
    row = ledger.items().filter(pk=receipt.pk).first()
    if row is None and retention.purged([receipt.pk]):
        raise KeyTooOld
    if row is None:
        throttling.admit(throttling.sender_of(run.request))
        row = _receive(receipt)
    if row.owner != receipt.owner or not _is_same(row.fingerprint, receipt.fingerprint, run):
        _keep_copy(receipt)
        raise KeyReused
    if row.is_finished:
        replays.count([row], receipt.received_at)
        return _replay(row)
    handler = run.handler(row.tag_id)
    if row.delivery_id == receipt.delivery_id:
        return run.outcome(apply([Claim.on(row, handler)], Try(hand=Hand.RECEIPT)))
    by = Try(hand=Hand.REPLAY, handlers={handler.tag: handler})
    return run.outcome(apply(_claim(row, by), by))


def _is_same(stored: str, sent: str, run: ViewRun) -> bool:
    return stored == sent or stored == keyed_requests.fingerprint_of(run.request, like=stored)


def _keep_copy(receipt: SyncItem) -> None:
    """What came under a key that had another request before: for the operator. Of the body only the fingerprint."""
    copy = ConflictingCopy(
        item_id=receipt.pk,
        fingerprint=receipt.fingerprint,
        payload=receipt.payload or "",
        received_at=receipt.received_at,
    )
    ConflictingCopy.objects.using(database.alias()).bulk_create([copy], ignore_conflicts=True)


@database.persistent
def _receive(receipt: SyncItem) -> SyncItem:
    """Commit the receipt. Returns the row that is there now: this one, or that of whoever was faster."""
    _check_tag(receipt.tag_id)
    if receipt.client_id is not None and not SyncClient.objects.filter(pk=receipt.client_id).exists():
        receipt.client_id = None  # it has never sent a delivery, so there is nothing to say of it
    with database.atomic():
        is_new = ledger.receive([receipt], _delivery(receipt))
        row = receipt if is_new else ledger.items().filter(pk=receipt.pk).first()
        if row is None:  # not seen from within an older REPEATABLE READ transaction
            raise InFlight(retry_after=IN_FLIGHT_RETRY)
    reach(Milestone.RECEIVED)
    return row


def _delivery(receipt: SyncItem) -> Delivery:
    return Delivery(
        pk=receipt.delivery_id,
        owner=receipt.owner,
        client_id=receipt.client_id,
        context=Context.OTHER,
        items=1,
        received_at=receipt.received_at,
    )


def _check_tag(tag: str) -> None:
    state = SyncTag.objects.using(database.alias()).states({tag})[tag]
    if state == TagState.PAUSED:
        raise Unavailable("An operator paused this.", retry_after=PAUSED_RETRY)
    if state == TagState.CLOSED:
        raise PermissionRefused("This is closed.")


def _claim(row: SyncItem, by: Try) -> list[Claim]:
    """Whoever sends a request again waits for its answer: it is due, whatever the last try made of it."""
    if row.claimed_at is not None and timezone.now() - row.claimed_at < FRESH_CLAIM:
        return []  # not even looked at under a lock, which would keep away the one who is at it
    ledger.items().unfinished().filter(pk=row.pk, claimed_at=None).update(next_at=timezone.now())
    claims, _suspects = take([row.pk], by, alone=True)
    return claims


def _replay(row: SyncItem) -> HttpResponseBase:
    kept = json.loads(row.result or "null") if row.state == ItemState.APPLIED else json.loads(row.problem or "{}")
    answer = kept if row.state == ItemState.APPLIED else kept.get("extra")
    if answer is None:
        raise PermissionRefused(kept.get("detail", ""))  # an operator discarded it
    response = answers.read(answer)
    response["X-BGSync"] = "1"
    return response
