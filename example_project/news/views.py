from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import QuerySet
from django.views.generic import DetailView, ListView

from .models import Article

SHOWN = 100


class NewsView(LoginRequiredMixin, ListView):
    """The newest articles, as the server has them; with JavaScript the page shows those of this device."""

    template_name = "news/news.html"
    context_object_name = "articles"

    def get_queryset(self) -> QuerySet[Article]:
        return Article.objects.filter(is_withdrawn=False)[:SHOWN]


class ArticleView(LoginRequiredMixin, DetailView):
    queryset = Article.objects.filter(is_withdrawn=False)
    template_name = "news/article.html"
