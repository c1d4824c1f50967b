"""Ways to sign in that projects have."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.http import Http404
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import BasePermission


class NameAuthentication(BaseAuthentication):
    """`Authorization: Name ada` is ada, active or not; who is unknown is refused."""

    def authenticate(self, request: Any) -> Any:
        scheme, _, name = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Name":
            return None
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise AuthenticationFailed("No such user.")
        return user, None

    def authenticate_header(self, request: Any) -> str:
        return 'Name realm="tests"'


class BusyAuthentication(BaseAuthentication):
    """A project's own throttle."""

    def authenticate(self, request: Any) -> Any:
        raise Throttled(wait=12.3)


class Nobody(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        return False


class Hidden(BasePermission):
    def has_permission(self, request: Any, view: Any) -> bool:
        raise Http404
