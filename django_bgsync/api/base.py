"""What all views of the API share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from django_bgsync import database
from django_bgsync.api import origin, problems
from django_bgsync.conf import settings
from django_bgsync.exceptions import InvalidEnvelope
from django_bgsync.feeds import RegisteredFeed
from django_bgsync.handlers import Handler
from django_bgsync.idempotency.refusals import problem_response
from django_bgsync.owners import Owner
from django_bgsync.receiving import throttling, visitors


class OneRepresentation(BaseContentNegotiation):
    """JSON for every client, whatever it says it accepts: a 406 would only keep items from arriving."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0] if parsers else None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class NoParser(BaseParser):
    """Leaves the body alone. DRF's CSRF check asks for `request.POST`, and without any parser that would be a 415."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> dict[str, Any]:
        return {}


class ApiView(APIView):
    """DRF for authentication and permissions, with answers of our own: independent of the project's REST_FRAMEWORK
    settings.
    """

    content_negotiation_class = OneRepresentation
    renderer_classes = (JSONRenderer,)
    parser_classes = (NoParser,)
    throttle_classes = ()
    versioning_class = None
    metadata_class = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        # A handler must not share the request's transaction: its receipt is committed before it runs.
        view: Any = database.own_transactions(super().as_view(**initkwargs))
        view.login_required = False  # LoginRequiredMiddleware would answer with a redirect
        return view

    def get_authenticators(self) -> list[BaseAuthentication]:
        configured = settings.AUTHENTICATION_CLASSES
        return super().get_authenticators() if configured is None else [_load(entry)() for entry in configured]

    def get_permissions(self) -> list[BasePermission]:
        return [_load(entry)() for entry in settings.PERMISSION_CLASSES]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        origin.check(request)
        super().initial(request, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]  # dispatch takes any response
        return problem_response(problems.translate(exc, self.request._request))

    def finalize_response(self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]  # as above
        response["X-BGSync"] = "1"
        patch_cache_control(response, no_store=True)
        return response

    def session_owner(self, client_id: UUID | None) -> Owner | None:
        """The signed-in user, else the visitor that this client is; None for a client that cannot be one."""
        if getattr(self.request.user, "is_authenticated", False):
            return Owner(self.request.user)
        return Owner(None, visitor=client_id) if visitors.may_be_visitor(client_id) else None

    @property
    def sender(self) -> str:
        return throttling.sender_of(self.request)

    def permits(self, registered: Handler | RegisteredFeed) -> bool:
        """Whether this request may use a handler, or a feed."""
        return self.is_let_by(_load(entry)() for entry in registered.permission_classes)

    def is_let_by(self, permissions: Iterable[BasePermission]) -> bool:
        """Whether all agree. One that raises refuses, and no more than what it was asked for."""
        try:
            return all(permission.has_permission(self.request, self) for permission in permissions)
        except (PermissionDenied, Http404, APIException):
            return False

    def owner_of(self, claimed: str, client_id: UUID | None) -> Owner:
        """The owner that a client sends for: the session's, or the visitor that this client was before.

        Raises WrongOwner for anybody else.
        """
        owner = self.session_owner(client_id)
        if owner is None:
            raise InvalidEnvelope("Without a session the client must name itself, by a UUID of version 4.")
        return visitors.sender(owner, claimed, client_id)


def _load(entry: str | type) -> Any:
    return import_string(entry) if isinstance(entry, str) else entry


def json_response(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="application/json")
