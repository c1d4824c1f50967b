"""The endpoints of protocol 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from rest_framework.request import Request

from django_bgsync import conf, feeds
from django_bgsync.api import body
from django_bgsync.api.base import ApiView, json_response
from django_bgsync.canonical import read_json, write_json
from django_bgsync.enums import Code, Status
from django_bgsync.exceptions import InvalidEnvelope, WrongOwner
from django_bgsync.fields import is_uuid
from django_bgsync.handlers import registry
from django_bgsync.idempotency.keyed_requests import client_of, key_of
from django_bgsync.owners import Owner
from django_bgsync.protocol import (
    ClientIn,
    Envelope,
    Result,
    read_envelope,
    write_answer,
    write_instant,
)
from django_bgsync.receiving import clients, history, intake

MAX_IDS = 100


class DeliveriesView(ApiView):
    """`POST v1/deliveries/`: replay a batch. 200 with a result per item as soon as the envelope can be read."""

    def post(self, request: Request) -> HttpResponse:
        with body.read_with_files(request._request) as (text, uploads):
            envelope = read_envelope(read_json(text, max_depth=conf.settings.MAX_JSON_DEPTH), uploads)
            return self._answer(request, envelope)

    def _answer(self, request: Request, envelope: Envelope) -> HttpResponse:
        owner = self.owner_of(envelope.owner, envelope.client.id if envelope.client else None)
        named = owner.session_key or owner.key  # before anything is committed: the answer then needs no database
        user_agent = request.headers.get("User-Agent", "")
        answer = intake.accept(envelope, owner, self.permits, user_agent=user_agent, sender=self.sender)
        head = {
            "bgsync": 1,
            "delivery": str(answer.delivery),
            "server_time": write_instant(timezone.now()),
            "owner": named,
            "limits": conf.limits(),
        }
        return json_response(write_answer(head, results=answer.results, settled=answer.settled))


class ItemsView(ApiView):
    """`POST v1/items/`: replay one item, answered by HTTP status. `GET`: how the caller's own items stand."""

    def post(self, request: Request) -> HttpResponse:
        item = read_json(body.read(request._request), max_depth=conf.settings.MAX_JSON_DEPTH)
        if isinstance(item, dict) and "id" not in item:
            item["id"] = key_of(request._request)
        client_id = client_of(request._request)
        owner = self.owner_of(request.headers.get("BGSync-Owner", ""), client_id)
        envelope = Envelope(items=[item], client=ClientIn(id=client_id) if client_id else None, context="other")
        user_agent = request.headers.get("User-Agent", "")
        answer = intake.accept(envelope, owner, self.permits, user_agent=user_agent, sender=self.sender)
        [result] = answer.results
        response = json_response(result.render(), status=http_status(result))
        if result.retry_after is not None:
            response["Retry-After"] = str(result.retry_after)
        return response

    def get(self, request: Request) -> HttpResponse:
        client_id = client_of(request._request)
        owner = self.owner_of(request.headers.get("BGSync-Owner", ""), client_id)
        clients.check(client_id, owner)
        query = request.query_params
        if "id" in query:
            return json_response(write_answer({}, results=history.of_ids(owner, _ids(query.getlist("id")))))
        if query.get("state") == "open":
            page = history.not_applied(owner, query.get("cursor", ""))
            return json_response(write_answer({"next": page.next}, results=page.results))
        raise InvalidEnvelope("Ask for ?id=…&id=… or for ?state=open.")


class SessionView(ApiView):
    """`GET v1/session/`: whose session this is, a CSRF token, the server's clock and limits. 200 for visitors too."""

    def get_permissions(self) -> list[Any]:
        return []

    def get(self, request: Request) -> HttpResponse:
        may_sync = self._may_sync()
        owner = self._owner(may_sync)
        document: Mapping[str, Any] = {
            "bgsync": 1,
            "authenticated": owner is not None and owner.visitor is None,
            "owner": owner.key if owner else None,
            "csrf_token": get_token(request._request),
            "server_time": write_instant(timezone.now()),
            "limits": conf.limits(),
            "tags": sorted(tag for tag, handler in registry.items() if owner and may_sync and self.permits(handler)),
            "feeds": [
                {"name": name, "min_interval": feed.min_seconds}
                for name, feed in sorted(feeds.registry.items())
                if owner and may_sync and self.permits(feed)
            ],
        }
        return json_response(write_json(document))

    def _may_sync(self) -> bool:
        return self.is_let_by(super().get_permissions())

    def _owner(self, may_sync: bool) -> Owner | None:
        """Whose items this session can send. Raises ClientRevoked: a client asks here whether it may go on."""
        client_id = client_of(self.request._request)
        owner = self.session_owner(client_id)
        if owner is None or (owner.visitor and not may_sync):
            return None
        try:
            clients.check(client_id, owner)
        except WrongOwner:  # a visitor who has become a user, and is not signed in now
            return None
        return owner


def http_status(result: Result) -> int:
    """The HTTP status of a single item, so that `response.ok` means: the server holds it."""
    match result.status, result.code:
        case Status.APPLIED, _:
            return 200
        case Status.EXPIRED, _:
            return 410
        case Status.ACCEPTED, _:
            return 202
        case Status.CONFLICT, Code.PAYLOAD_MISMATCH:
            return 422
        case Status.CONFLICT, _:
            return 409
        case Status.REJECTED, Code.TOO_LARGE:
            return 413
        case Status.REJECTED, _:
            return 422
        case _, Code.IN_FLIGHT | Code.OUT_OF_ORDER:
            return 409
        case _:
            return 503


def _ids(values: list[str]) -> list[UUID]:
    if len(values) > MAX_IDS:
        raise InvalidEnvelope(f"{len(values)} ids; {MAX_IDS} are allowed.")
    if not all(map(is_uuid, values)):
        raise InvalidEnvelope("Every id must be a UUID of 36 characters.")
    return [UUID(value) for value in values]
