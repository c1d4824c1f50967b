"""An API as sites have one, with a plain ViewSet, for requests that the worker captures; and pages to be kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework import serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from django_bgsync import Item, idempotent, sync_handler
from example_project.posts.models import Post


class PostSerializer(serializers.ModelSerializer[Post]):
    class Meta:
        model = Post
        fields = ("id", "text", "photo")


class PostViewSet(viewsets.ModelViewSet[Post]):
    """Whose views are not under `idempotent`."""

    serializer_class = PostSerializer
    permission_classes = (IsAuthenticated,)
    queryset = Post.objects.all()

    def perform_create(self, serializer: Any) -> None:
        serializer.save(author=self.request.user)


class KeyedPostViewSet(PostViewSet):
    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    @idempotent
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().update(request, *args, **kwargs)

    @idempotent
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().destroy(request, *args, **kwargs)


router = SimpleRouter()
router.register("posts", KeyedPostViewSet)
router.register("open-posts", PostViewSet, basename="open")


@sync_handler("article")
def fetch_article(item: Item) -> dict[str, Any]:
    """Asks the device to keep the article that the reader wanted to have."""
    return {"cache": [f"/articles/{item.payload['number']}/"]}


def article(request: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(f"<title>Article</title><p>Article {number} for {request.user}")
