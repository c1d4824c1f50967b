from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.db.models import Count, Exists, OuterRef
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.views.generic import CreateView

from .forms import PostForm
from .models import Post

SHOWN = 100


class PostsView(LoginRequiredMixin, CreateView):
    """The newest posts and the form that adds one: the plain way, without JavaScript."""

    model = Post
    form_class = PostForm
    template_name = "posts/posts.html"
    success_url = reverse_lazy("posts:list")

    def form_valid(self, form: PostForm) -> HttpResponse:
        form.instance.author = self.request.user
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = Post.thanked_by.through.objects.filter(post=OuterRef("pk"), user=self.request.user)
        thanked = Post.objects.annotate(thanks=Count("thanked_by"), is_thanked=Exists(mine))
        posts = thanked.select_related("author").order_by("-created_at")  # grouping drops the model's own order
        return super().get_context_data(posts=posts[:SHOWN], **kwargs)
