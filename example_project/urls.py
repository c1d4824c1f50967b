from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="posts:list")),
    path("posts/", include("example_project.posts.urls")),
    path("accounts/", include("example_project.accounts.urls")),
    path("admin/", admin.site.urls),
    path("bgsync/", include("django_bgsync.urls")),
]
