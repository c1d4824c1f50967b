from django.urls import path

from .views import ArticleView, NewsView

app_name = "news"
urlpatterns = [
    path("", NewsView.as_view(), name="list"),
    path("<int:pk>/", ArticleView.as_view(), name="article"),
]
