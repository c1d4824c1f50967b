"""The feeds of the tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from rest_framework.request import Request

from django_bgsync import Feed, sync_feed

COUNT = 7
PAGE = 3


@sync_feed("numbers", min_interval=timedelta(hours=6), title="Numbers")
def numbers(request: Request, cursor: str | None) -> Feed:
    """One to seven, in pages of three."""
    after = int(cursor or 0)
    upto = min(COUNT, after + PAGE)
    items = [{"id": number, "text": f"number {number}"} for number in range(after + 1, upto + 1)]
    return Feed(items=items, cursor=str(upto), more=upto < COUNT)


@sync_feed("staff-news", permission_classes=["rest_framework.permissions.IsAdminUser"])
def staff_news(request: Request, cursor: str | None) -> Feed:
    return Feed(items=[{"id": "secret"}])


class Told:
    """What a test says that the feed `told` does."""

    answer: Callable[[Request, str | None], Any]


@sync_feed("told")
def told(request: Request, cursor: str | None) -> Any:
    return Told.answer(request, cursor)
