from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from rest_framework.request import Request

from django_bgsync import Feed, sync_feed

from .models import Article

PAGE = 20


@sync_feed("latest-news", min_interval=settings.NEWS_INTERVAL, title="News")
def latest(request: Request, cursor: str | None) -> Feed:
    """What has changed since the cursor, the number of the last change that the device knows."""
    try:
        since = int(cursor or 0)
    except ValueError:
        raise ValidationError("A cursor of this feed is a number.") from None
    changed = list(Article.objects.filter(change__gt=since).order_by("change")[: PAGE + 1])
    page = changed[:PAGE]
    published = [article for article in page if not article.is_withdrawn]
    return Feed(
        items=[
            {
                "id": article.pk,
                "title": article.title,
                "text": article.text,
                "url": article.get_absolute_url(),
                "published_at": article.published_at,
            }
            for article in published
        ],
        deleted=[article.pk for article in page if article.is_withdrawn],
        cursor=str(page[-1].change) if page else None,
        more=len(changed) > PAGE,
        # The list itself, too: it is where the articles are read, and its links lead to their pages.
        cache=[reverse("news:list"), *(article.get_absolute_url() for article in published)] if page else [],
    )
