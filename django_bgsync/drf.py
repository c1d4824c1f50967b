"""The domain's only door to Django REST framework: validation, what its exceptions mean, whose address it takes."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from django import forms
from django.core import exceptions as django_exceptions
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils.datastructures import MultiValueDict
from rest_framework import exceptions, serializers
from rest_framework.authentication import CSRFCheck, SessionAuthentication
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from django_bgsync.canonical import write_json

if TYPE_CHECKING:
    from django_bgsync.handlers import Handler, Item

CSRF_PREFIX = "CSRF Failed"
"""What DRF's SessionAuthentication puts before Django's reason."""
_SENDER_CODES = (exceptions.NotAuthenticated.default_code, exceptions.AuthenticationFailed.default_code)
VALIDATION_ERRORS = (exceptions.ValidationError, django_exceptions.ValidationError)


def validate(handler: Handler, item: Item) -> Any:
    """The `validated_data` of the handler's serializer, or the `cleaned_data` of its form. Raises ValidationError."""
    if handler.form is not None:
        return _clean(handler.form, item)
    # A try may come long after the request is over, so this one knows the user only.
    context = {"item": item, "user": item.user, "request": SimpleNamespace(user=item.user)}
    data = {**item.payload, **item.files} if item.files and isinstance(item.payload, dict) else item.payload
    serializer = handler.serializer(data=data, context=context)  # type: ignore[misc]  # one of the two is set
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


def is_answer(error: BaseException) -> bool:
    """Whether a view raises this to answer with a status below 500, rather than by mistake."""
    if isinstance(error, exceptions.APIException):
        return error.status_code < 500
    return isinstance(error, django_exceptions.PermissionDenied | Http404)


def address_of(request: HttpRequest) -> str:
    """The address that a request comes from: of whoever has connected, unless DRF's NUM_PROXIES says how many proxies
    come before. What else a request says of it anybody can write; without that setting DRF takes it for true.
    """
    if api_settings.NUM_PROXIES is None:
        return str(request.META.get("REMOTE_ADDR", ""))
    return BaseThrottle().get_ident(request) or ""  # type: ignore[arg-type]  # it asks for META alone


def knows_sessions() -> bool:
    """Whether DRF asks Django's sessions who somebody is, unless a view says otherwise."""
    classes: Iterable[Any] = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    return any(issubclass(found, SessionAuthentication) for found in classes)


def is_request(value: Any) -> TypeGuard[HttpRequest]:
    """Whether this is DRF's request, which passes everything on to Django's and so may be taken for one."""
    return isinstance(value, Request)


def answer_to(error: Exception, request: Any) -> HttpResponseBase:
    """What the request's view makes of an exception. Raises those that are not its to answer."""
    return cast(HttpResponseBase, request.parser_context["view"].handle_exception(error))


def complete(response: HttpResponseBase, request: Any) -> HttpResponseBase:
    """The response with its content, which Django and DRF otherwise make after the view."""
    if isinstance(request, Request):
        response = request.parser_context["view"].finalize_response(request, response)
    if isinstance(response, SimpleTemplateResponse):
        response.render()
    return response


def refuses_sender(response: HttpResponseBase, request: Any) -> bool:
    """Whether a 403 is about who sends, or a CSRF token, rather than about what the sender may do."""
    detail = getattr(response, "data", None)
    if detail is None:
        # DRF's check tells whether Django's middleware would refuse; it has no answer of its own.
        return CSRFCheck(_no_view).process_view(request, _no_view, (), {}) is not None
    detail = detail.get("detail", "") if isinstance(detail, dict) else ""
    return str(detail).startswith(CSRF_PREFIX) or getattr(detail, "code", "") in _SENDER_CODES


def _no_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _as_posted(value: Any, field: Any) -> Any:
    """A value as a form would have posted it: as text, for fields may know nothing else. A number is left to a field
    for numbers, which would read its text by the rules of a language.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None or isinstance(value, str) or (is_number and isinstance(field, forms.IntegerField)):
        return value
    return write_json(value)


def _clean(form: Any, item: Item) -> Any:
    """Bind a Django form to a payload: a JSON object whose repeated names are arrays."""
    if not isinstance(item.payload, dict):
        raise exceptions.ValidationError({"non_field_errors": ["The payload must be an object."]})
    fields = getattr(form, "base_fields", {})
    data = MultiValueDict(
        {
            name: [_as_posted(each, fields.get(name)) for each in (value if isinstance(value, list) else [value])]
            for name, value in item.payload.items()
        }
    )
    bound = form(data=data, files=MultiValueDict({name: [file] for name, file in item.files.items()}))
    if not bound.is_valid():
        raise exceptions.ValidationError({name: list(errors) for name, errors in bound.errors.items()})
    return bound.cleaned_data
