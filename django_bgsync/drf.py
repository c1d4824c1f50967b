"""The domain's only door to Django REST framework: validation, and what its exceptions mean."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from django.core import exceptions as django_exceptions
from django.utils.datastructures import MultiValueDict
from rest_framework import exceptions, serializers

if TYPE_CHECKING:
    from django_bgsync.handlers import Handler, Item

VALIDATION_ERRORS = (exceptions.ValidationError, django_exceptions.ValidationError)


def validate(handler: Handler, item: Item) -> Any:
    """The `validated_data` of the handler's serializer, or the `cleaned_data` of its form. Raises ValidationError."""
    if handler.form is not None:
        return _clean(handler.form, item)
    # A try may come long after the request is over, so this one knows the user only.
    context = {"item": item, "user": item.user, "request": SimpleNamespace(user=item.user)}
    serializer = handler.serializer(data=item.payload, context=context)  # type: ignore[misc]  # one of the two is set
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def validation_errors(error: BaseException) -> Any | None:
    """Field errors, JSON-ready, if `error` is a DRF or Django ValidationError; None for every other exception."""
    if isinstance(error, exceptions.ValidationError):
        return error.detail
    if isinstance(error, django_exceptions.ValidationError):
        return serializers.as_serializer_error(error)
    return None


def is_permission_denied(error: BaseException) -> bool:
    return isinstance(error, exceptions.PermissionDenied | django_exceptions.PermissionDenied)


def _clean(form: Any, item: Item) -> Any:
    """Bind a Django form to a payload: a JSON object whose repeated names are arrays."""
    if not isinstance(item.payload, dict):
        raise exceptions.ValidationError({"non_field_errors": ["The payload must be an object."]})
    data = MultiValueDict({name: value if isinstance(value, list) else [value] for name, value in item.payload.items()})
    bound = form(data=data)
    if not bound.is_valid():
        raise exceptions.ValidationError({name: list(errors) for name, errors in bound.errors.items()})
    return bound.cleaned_data
