from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.static import serve

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="posts:list")),
    path("posts/", include("example_project.posts.urls")),
    path("accounts/", include("example_project.accounts.urls")),
    path("admin/", admin.site.urls),
    path("bgsync/", include("django_bgsync.urls")),
    # A real site leaves this to the web server in front.
    path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}),
]
