from django.urls import include, path

urlpatterns = [path("sync/", include("django_bgsync.urls"))]
