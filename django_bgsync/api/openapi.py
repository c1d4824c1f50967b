"""The OpenAPI document, by drf-spectacular (the extra `openapi`): only SchemaView imports this, and only when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.settings import patched_settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from django_bgsync.api import wire
from django_bgsync.api.base import ApiView
from django_bgsync.api.body import JSON
from django_bgsync.api.feeds import FeedView
from django_bgsync.api.views import DeliveriesView, ItemsView, SessionView
from django_bgsync.canonical import write_json

PROBLEM = "application/problem+json"
SETTINGS = {  # none of the project's: this document is about our paths only
    "TITLE": "django-bgsync",
    "DESCRIPTION": "Replays what people did offline. Every answer carries the header `X-BGSync: 1`; a `POST` under a "
    "session needs the CSRF token that `v1/session/` hands out.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVERS": [],
    "TAGS": [],
    "SECURITY": [],
    "APPEND_COMPONENTS": {},
    "SCHEMA_PATH_PREFIX": "",
    "SCHEMA_PATH_PREFIX_INSERT": "",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "CAMELIZE_NAMES": False,
    "COMPONENT_SPLIT_REQUEST": False,
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": [],
    "SORT_OPERATIONS": True,
}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is to be said of one method of one view."""

    id: str
    summary: str
    answers: Mapping[int, Any]
    body: Mapping[str, Any] | None = None
    parameters: Sequence[OpenApiParameter] = ()


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=description)


CLIENT = _header("BGSync-Client", "The client's id; visitors must name theirs.")
OWNER = _header("BGSync-Owner", "The owner key the request is about, the session's if left out.")
KEY = _header("Idempotency-Key", "The item's id, if the item has none.")
ID = OpenApiParameter("id", OpenApiTypes.UUID, many=True, description="Items to look up, at most 100.")
STATE = OpenApiParameter("state", enum=["open"], description="Instead of ids: everything that is not applied.")
CURSOR = OpenApiParameter("cursor", description="Of the page, with `state`.")
FORM = {
    "type": "object",
    "properties": {"envelope": {"type": "string", "contentMediaType": JSON}},
    "required": ["envelope"],
    "additionalProperties": {"type": "string", "format": "binary", "description": "A part `<item id>/<name>`."},
}
DELIVER = Operation(
    id="deliver",
    summary="Replay a batch of items",
    body={"multipart/form-data": FORM, JSON: wire.Envelope},
    answers={200: wire.Answer},
)
DELIVER_ONE = Operation(
    id="deliverOne",
    summary="Replay one item",
    body={JSON: wire.Item},
    answers=dict.fromkeys((200, 202, 409, 410, 413, 422, 503), wire.Result),
    parameters=(CLIENT, OWNER, KEY),
)
ASK = Operation(
    id="ask",
    summary="How items stand",
    answers={200: wire.Results},
    parameters=(CLIENT, OWNER, ID, STATE, CURSOR),
)
SESSION = Operation(
    id="session",
    summary="Whose session this is, a CSRF token, the limits",
    answers={200: wire.Session},
    parameters=(CLIENT,),
)
PULL = Operation(
    id="pull",
    summary="What is new in a feed",
    answers={200: wire.FeedPage, 304: None},
    parameters=(
        _header("BGSync-Client", "The client's id, and why it asks: `<id>;trigger=periodicsync;min-interval=43200`."),
        OWNER,
        _header("If-None-Match", "The ETag of the answer before."),
        OpenApiParameter("cursor", description="Of the answer before; without it the feed begins anew."),
    ),
)
VIEWS: Mapping[str, tuple[type[ApiView], Mapping[str, Operation]]] = {
    "deliveries/": (DeliveriesView, {"POST": DELIVER}),
    "items/": (ItemsView, {"POST": DELIVER_ONE, "GET": ASK}),
    "feeds/<str:name>/": (FeedView, {"GET": PULL}),
    "session/": (SessionView, {"GET": SESSION}),
}


class Described(AutoSchema):
    """Says of each method what is written above instead of guessing."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        super().__init__()
        self._operations = operations

    @property
    def _operation(self) -> Operation:
        return self._operations[self.method]

    def get_operation_id(self) -> str:
        return self._operation.id

    def get_summary(self) -> str:
        return self._operation.summary

    def get_description(self) -> str:  # type: ignore[override]  # as AutoSchema has it, whose base takes more
        return ""

    def get_tags(self) -> list[str]:
        return ["bgsync"]

    def get_override_parameters(self) -> list[Any]:
        return list(self._operation.parameters)

    def get_request_serializer(self) -> Any:
        return self._operation.body

    def get_response_serializers(self) -> Any:
        answers = self._operation.answers
        refusals: list[Any] = ["default", *(status for status in answers if status >= 400)]
        return {
            **{(status, JSON): answer for status, answer in answers.items()},
            **{(status, PROBLEM): wire.Problem for status in refusals},
        }


@lru_cache(maxsize=8)
def document(prefix: str) -> str:
    """The document as JSON text, for the paths below `prefix` (which begins and ends with a slash)."""
    patterns = [
        path(f"{prefix[1:]}{name}", _described(view, operations).as_view())
        for name, (view, operations) in VIEWS.items()
    ]
    with patched_settings(SETTINGS):
        generator = SchemaGenerator(patterns=patterns)  # type: ignore[no-untyped-call]  # upstream
        return write_json(generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]  # upstream


def _described(view: type[ApiView], operations: Mapping[str, Operation]) -> type[ApiView]:
    return type(view.__name__, (view,), {"schema": Described(operations)})
