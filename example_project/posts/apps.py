from django.apps import AppConfig


class PostsConfig(AppConfig):
    name = "example_project.posts"
    default_auto_field = "django.db.models.BigAutoField"
