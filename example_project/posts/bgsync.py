from django_bgsync import Item, Rejected, sync_handler

from .models import Post
from .serializers import PostSerializer


@sync_handler("post", serializer=PostSerializer, title="Posts")
def publish(item: Item) -> dict[str, str]:
    """Publish what the author wrote; the item's id becomes the post's."""
    if Post.objects.filter(pk=item.id).exists():  # ids come from devices: somebody else's may carry any
        raise Rejected("A post with this id exists already.", code="id_taken")
    post = Post.objects.create(
        pk=item.id, author=item.user, created_at=item.created_at or item.received_at, **item.data
    )
    return {"id": str(post.pk)}
