"""URLs of the package's own tests."""

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from tests.app import views

orders = [
    path("key/", views.order_with_key, name="key"),
    path("member/", views.order_as_member, name="member"),
    path("protected/", csrf_exempt(views.order_protected), name="protected"),
    path("class/", views.OrderView.as_view(), name="class"),
    path("api/", views.api_order, name="api"),
    path("api-read/", views.api_order_read_before, name="api-read"),
    path("api-class/", views.OrderApi.as_view(), name="api-class"),
    path("api-set/", views.OrderViewSet.as_view({"post": "create"}), name="set"),
    path("api-set/<pk>/", views.OrderViewSet.as_view({"delete": "destroy"}), name="set-detail"),
    path("<str:what>/", views.order, name="any"),
]
urlpatterns = [
    path("admin/", admin.site.urls),
    path("bgsync/", include("django_bgsync.urls")),
    path("orders/", include((orders, "orders"))),
]
