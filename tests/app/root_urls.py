"""A project that serves the worker at its root and the rest elsewhere."""

from django.urls import include, path

from django_bgsync.views import ServiceWorkerView

urlpatterns = [
    path("deep/er/", include("django_bgsync.urls")),
    path("sw.js", ServiceWorkerView.as_view()),
]
