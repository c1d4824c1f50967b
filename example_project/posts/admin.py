from django.contrib import admin

from .models import Post


@admin.register(Post)
class PostAdmin(admin.ModelAdmin):
    list_display = ("__str__", "author", "created_at")
    list_filter = ("author",)
    search_fields = ("text",)
    filter_horizontal = ("thanked_by",)
