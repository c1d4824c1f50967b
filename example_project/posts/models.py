import uuid
from pathlib import PurePath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.utils import timezone


def refuse_spam(text: str) -> None:
    """A rule only the server knows, so that the demo has something to refuse."""
    if "spam" in text.lower():
        raise ValidationError("We do not publish spam.", code="spam")


def photo_path(post: "Post", filename: str) -> str:
    """Named after the post, whatever the device called it."""
    return f"posts/{post.pk}{PurePath(filename).suffix.lower()}"


class Post(models.Model):
    # An item's id where the post came through the outbox: the page can match the two before the server has answered.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="posts")
    text = models.TextField(max_length=1000, validators=[refuse_spam])
    # No ImageField: the demo shall not need Pillow. Served from our own origin, so nothing that can hold a script.
    photo = models.FileField(
        upload_to=photo_path, blank=True, validators=[FileExtensionValidator(["gif", "jpeg", "jpg", "png", "webp"])]
    )
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    thanked_by = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="thanked_posts")

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.text[:60]
