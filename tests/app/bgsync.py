"""The handlers of the tests. Each leaves an Effect before it does anything else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from rest_framework import serializers

from django_bgsync import Conflict, Item, Rejected, RetryLater, sync_handler
from tests.app import feeds, jobs  # noqa: F401 - registers feeds, and handlers that run in workers
from tests.app.models import Effect
from tests.app.steps import STEPS

ANSWER = {"zebra": 1, "apple": {"z": [2.50, 1e2], "a": "ünï"}, "none": None}
"""In an order that sorting would change, with numbers that a JSON column would rewrite."""


class NoteSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=10)
    stars = serializers.IntegerField(min_value=1, default=3)


class NoteForm(forms.Form):
    text = forms.CharField(max_length=10)
    colours = forms.MultipleChoiceField(choices=[("r", "red"), ("g", "green")], required=False)


@sync_handler("note", title="Notes", description="Keeps <b>notes</b>.")
def keep(item: Item) -> Any:
    Effect.objects.create(item=item.id)
    return ANSWER


@sync_handler("typed", serializer=NoteSerializer)
def keep_typed(item: Item) -> Any:
    Effect.objects.create(item=item.id, seen=item.data)
    return item.data


@sync_handler("mirror")
def mirror(item: Item) -> None:
    """Writes down everything the handler is given."""
    Effect.objects.create(
        item=item.id,
        seen={
            "tag": item.tag,
            "lane": item.lane,
            "after": item.after and str(item.after),
            "seq": item.seq,
            "payload": item.payload,
            "data": item.data,
            "user": item.user.get_username(),
            "client_id": item.client_id and str(item.client_id),
            "created_at": item.created_at and item.created_at.isoformat(),
            "received_at": item.received_at.isoformat(),
            "attempt": item.attempt,
            "idempotency_key": item.idempotency_key,
        },
    )


@sync_handler("script", max_attempts=3)
def follow(item: Item) -> Any:
    """Does at each try what the payload, a list of steps, says for it; after the last step that one again."""
    Effect.objects.create(item=item.id)
    step = item.payload[min(item.attempt, len(item.payload)) - 1]
    return STEPS[step](item)


@sync_handler("form", form=NoteForm)
def keep_form(item: Item) -> Any:
    Effect.objects.create(item=item.id, seen=item.data)
    return item.data


@sync_handler("background", mode="background")
def keep_later(item: Item) -> str:
    Effect.objects.create(item=item.id)
    return "later"


@sync_handler("fresh", max_age=timedelta(hours=1), max_bytes=100)
@sync_handler("staff", permission_classes=["rest_framework.permissions.IsAdminUser"])
def keep_plainly(item: Item) -> str:
    Effect.objects.create(item=item.id)
    return "kept"


@sync_handler("many", many=True, serializer=NoteSerializer)
def keep_many(items: list[Item]) -> list[Any]:
    """The texts say what is to be done; each effect says how many were given at once."""
    texts = [item.data["text"] for item in items]
    for item in items:
        if item.data["text"] not in VERDICTS:
            Effect.objects.create(item=item.id, seen={"given": len(items)})
    if "fail" in texts:
        raise KeyError("fail")
    if "no list" in texts:
        return None  # type: ignore[return-value]  # what is tested
    return [VERDICTS.get(text, text) for text in texts][: 0 if "too few" in texts else None]


VERDICTS: dict[str, Exception] = {
    "reject": Rejected("Sold out."),
    "conflict": Conflict("Changed.", current=1),
    "later": RetryLater(60),
}
