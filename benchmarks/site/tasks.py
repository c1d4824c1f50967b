"""What one queues by hand: a task for each item."""

from benchmarks.site.models import Effect


def apply_one(item_id: str, text: str) -> None:
    Effect.objects.create(id=item_id, text=text)
