from django.urls import include, path

from benchmarks.site.views import PeerView

urlpatterns = [path("bgsync/", include("django_bgsync.urls")), path("peer/", PeerView.as_view())]
