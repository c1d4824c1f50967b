"""`GET v1/feeds/<name>/`: what is new in a feed, for a page or a periodic sync event."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from rest_framework.request import Request

from django_bgsync.api.base import ApiView
from django_bgsync.enums import PullOutcome
from django_bgsync.exceptions import UnknownFeed
from django_bgsync.feeds import RegisteredFeed, pulls, registry
from django_bgsync.feeds.pages import read_cursor, read_page
from django_bgsync.idempotency.keyed_requests import caller_of
from django_bgsync.models import SyncClient
from django_bgsync.owners import Owner
from django_bgsync.receiving import clients


class FeedView(ApiView):
    def get(self, request: Request, name: str) -> HttpResponse:
        caller = caller_of(request._request)
        owner = self.owner_of(request.headers.get("BGSync-Owner", ""), caller.client_id)
        feed = self._feed(request, name)
        client = self._client(request, caller.client_id, owner)
        cursor = read_cursor(request.query_params.get("cursor"))
        with pulls.recorded(feed.name, owner, client, caller, cursor) as pull:
            return self._answer(request, feed, cursor, owner, pull)

    def _client(self, request: Request, client_id: UUID | None, owner: Owner) -> SyncClient | None:
        if client_id is None:
            return None
        user_agent = request.headers.get("User-Agent", "")
        return clients.meet(client_id, owner, user_agent, timezone.now(), sender=self.sender)

    def _feed(self, request: Request, name: str) -> RegisteredFeed:
        feed = registry.get(name)
        if feed is None:
            raise UnknownFeed(f"This site has no feed {name!r}.")
        if not self.permits(feed):
            self.permission_denied(request)
        return feed

    def _answer(
        self, request: Request, feed: RegisteredFeed, cursor: str | None, owner: Owner, pull: pulls.PullInProgress
    ) -> HttpResponse:
        page = read_page(feed, request, cursor, owner.key)
        etag = quote_etag(sha256(page.body).hexdigest()[:32])
        response = HttpResponse(page.body, content_type="application/json", headers={"ETag": etag})
        answer = get_conditional_response(request._request, etag=etag, response=response)
        if answer is None or answer is response:
            pull.items, pull.bytes = page.items, len(page.body)
            pull.outcome = PullOutcome.PARTIAL if page.has_more else PullOutcome.COMPLETE
            return response
        pull.outcome = PullOutcome.UNCHANGED
        return answer

    def finalize_response(self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code < 400:
            response["Cache-Control"] = "private, no-cache"
        return response
