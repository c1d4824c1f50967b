from typing import Any

from django.db import models, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone


class Article(models.Model):
    """One piece of news. What is withdrawn stays as a row: devices that have it must hear of it."""

    title = models.CharField(max_length=120)
    text = models.TextField(max_length=5000)
    published_at = models.DateTimeField(default=timezone.now)
    is_withdrawn = models.BooleanField("withdrawn", default=False)
    # Where it stands among all changes, the cursor of the feed. Unique, so that of two editors who save at once the
    # second waits for the first and fails: a number that is committed late would be passed over by devices.
    change = models.PositiveBigIntegerField(unique=True, editable=False)

    class Meta:
        ordering = ("-published_at", "-pk")

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            self.change = (Article.objects.aggregate(last=Max("change"))["last"] or 0) + 1
            super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("news:article", args=[self.pk])
