from django.urls import include, path

from benchmarks.site import pages
from benchmarks.site.views import PeerView, StatementsView

urlpatterns = [
    path("bgsync/", include("django_bgsync.urls")),
    path("peer/", PeerView.as_view()),
    path("statements/", StatementsView.as_view()),
    path("page/", pages.page),
    path("page.js", pages.page_script),
    path("bgsync.min.js", pages.our_script),
    path("bgsync-engine.min.js", pages.our_engine),
    path("workbox.js", pages.workbox),
]
