"""The domain's only door to Django REST framework: validation, and what its exceptions mean."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from django.core import exceptions as django_exceptions
from rest_framework import exceptions, serializers

if TYPE_CHECKING:
    from collections.abc import Mapping


def validate(serializer: type[serializers.BaseSerializer[Any]], payload: Any, context: Mapping[str, Any]) -> Any:
    """The serializer's `validated_data`. Raises DRF's ValidationError.

    The context holds `item`, `user` and a `request` that knows the user only: a try may come long after the request is
    over.
    """
    request = SimpleNamespace(user=context["user"])
    bound = serializer(data=payload, context={**context, "request": request})
    bound.is_valid(raise_exception=True)
    return bound.validated_data


def validation_errors(error: BaseException) -> Any | None:
    """Field errors, JSON-ready, if `error` is a DRF or Django ValidationError; None for every other exception."""
    if isinstance(error, exceptions.ValidationError):
        return error.detail
    if isinstance(error, django_exceptions.ValidationError):
        return serializers.as_serializer_error(error)
    return None


def is_permission_denied(error: BaseException) -> bool:
    return isinstance(error, exceptions.PermissionDenied | django_exceptions.PermissionDenied)
