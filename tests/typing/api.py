"""Uses the public names as a project would. Never run: `mypy --strict` reads it (`make types`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from django_bgsync import Conflict, Feed, Item, Rejected, RetryLater, idempotent, sync_feed, sync_handler


class NoteSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()


@sync_handler("note", serializer=NoteSerializer, max_attempts=3, title="Note", description="A line of text")
@sync_handler("memo")
def keep(item: Item) -> dict[str, str]:
    if not item.user.is_authenticated:
        raise Rejected("Sign in first.", code="anonymous", extra={"login": "/accounts/login/"})
    if item.data["text"] == "later":
        raise RetryLater(after=30, detail="The shop is closed.")
    if item.data["text"] == "taken":
        raise Conflict("Somebody was faster.", current={"text": "theirs"})
    if not item.data["text"]:
        raise ValidationError({"text": ["Say something."]})
    return {"id": str(item.id)}


@sync_feed(
    "latest-news", min_interval=timedelta(hours=6), permission_classes=["shop.permissions.IsReader"], title="News"
)
def latest(request: Request, cursor: str | None) -> Feed:
    return Feed(items=[{"id": 1}], deleted=[2, "x"], cursor="1", more=False, reset=False, cache=["/news/1/"])


@sync_feed("offers")
def offers(request: HttpRequest, cursor: str | None) -> Feed:
    return Feed(items=({"id": number} for number in range(3)))


@idempotent(required=True)
def order(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse()


@idempotent
def order_again(request: HttpRequest) -> HttpResponse:
    order(request, number=1)
    return HttpResponse()


# a decorated handler is still the function that it was
def call(item: Item) -> dict[str, str]:
    return keep(item)


def read(item: Item) -> tuple[UUID, str, str, UUID | None, datetime, int, str]:
    return item.id, item.tag, item.lane, item.after, item.received_at, item.attempt, item.idempotency_key


def call_feed(request: Request) -> Feed:
    return latest(request, None)
