"""The handlers of the tests. Each leaves an Effect before it does anything else."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from django_bgsync import Item, sync_handler
from tests.app.models import Effect
from tests.app.steps import STEPS

ANSWER = {"zebra": 1, "apple": {"z": [2.50, 1e2], "a": "ünï"}, "none": None}
"""In an order that sorting would change, with numbers that a JSON column would rewrite."""


class NoteSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=10)
    stars = serializers.IntegerField(min_value=1, default=3)


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
