from django.contrib import admin
from django.http import HttpRequest

from .models import Article


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ("title", "published_at", "is_withdrawn")
    list_filter = ("is_withdrawn",)
    search_fields = ("title", "text")

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return False  # withdraw it: a row that is gone cannot be taken back from a device
