from __future__ import annotations

from typing import Any

from benchmarks.site.models import Effect
from django_bgsync import Item, sync_handler


@sync_handler("many", many=True)
def apply_many(items: list[Item]) -> list[Any]:
    Effect.objects.bulk_create([Effect(id=item.id, text=item.data["text"]) for item in items])
    return [{"id": str(item.id)} for item in items]


@sync_handler("one")
def apply_one(item: Item) -> Any:
    Effect.objects.create(id=item.id, text=item.data["text"])
    return {"id": str(item.id)}


@sync_handler("later", mode="background", many=True)
def apply_later(items: list[Item]) -> list[Any]:
    return apply_many(items)


@sync_handler("later-one", mode="background")
def apply_one_later(item: Item) -> Any:
    return apply_one(item)
