"""Everything under the package's prefix, which is the project's choice."""

from __future__ import annotations

from django.urls import path

from django_bgsync.api.feeds import FeedView
from django_bgsync.api.schema import SchemaView
from django_bgsync.api.views import DeliveriesView, ItemsView, SessionView
from django_bgsync.views import HealthView, InspectorView, OfflineView, ServiceWorkerView

app_name = "django_bgsync"

urlpatterns = [
    path("v1/deliveries/", DeliveriesView.as_view(), name="deliveries"),
    path("v1/items/", ItemsView.as_view(), name="items"),
    path("v1/session/", SessionView.as_view(), name="session"),
    path("v1/feeds/<str:name>/", FeedView.as_view(), name="feed"),
    path("v1/schema/", SchemaView.as_view(), name="schema"),
    path("sw.js", ServiceWorkerView.as_view(), name="service-worker"),
    path("worker.js", ServiceWorkerView.as_view(lifecycle=False), name="worker"),
    path("offline/", OfflineView.as_view(), name="offline"),
    path("inspector/", InspectorView.as_view(), name="inspector"),
    path("health/", HealthView.as_view(), name="health"),
]
