from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.static import serve

from example_project.posts.api import ThanksView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="posts:list")),
    path("posts/", include("example_project.posts.urls")),
    path("api/posts/<uuid:pk>/thanks/", ThanksView.as_view(), name="thanks"),
    path("news/", include("example_project.news.urls")),
    path("accounts/", include("example_project.accounts.urls")),
    path("admin/", admin.site.urls),
    path("bgsync/", include("django_bgsync.urls")),
    # A real site leaves this to the web server in front.
    path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}),
]
