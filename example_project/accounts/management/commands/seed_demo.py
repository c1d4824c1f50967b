from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from example_project.news.models import Article

DEMO_USERS = ("demo", "second")
DEMO_ADMIN = "admin"
NEWS = (
    ("The ferry runs again", "Repairs took four days. From tomorrow it leaves at seven, noon and five."),
    ("Bridge closed on Sunday", "From six to ten in the morning, for inspection. Walk round by the mill."),
    ("Library opens late on Fridays", "Until nine in the evening, from this week on. There is tea."),
)


class Command(BaseCommand):
    help = "Create what is missing of the users demo/demo and second/second, the superuser admin/admin, and some news."

    def handle(self, *args: object, **options: object) -> None:
        users = get_user_model().objects
        for name in (*DEMO_USERS, DEMO_ADMIN):
            if users.filter(username=name).exists():
                continue
            create = users.create_superuser if name == DEMO_ADMIN else users.create_user
            create(username=name, password=name)
            self.stdout.write(f"Created {name}/{name}")
        if not Article.objects.exists():
            for title, text in NEWS:
                Article.objects.create(title=title, text=text)
