from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

DEMO_USERS = ("demo", "second")
DEMO_ADMIN = "admin"


class Command(BaseCommand):
    help = "Create the demo users demo/demo, second/second and the superuser admin/admin, where they are missing."

    def handle(self, *args: object, **options: object) -> None:
        users = get_user_model().objects
        for name in (*DEMO_USERS, DEMO_ADMIN):
            if users.filter(username=name).exists():
                continue
            create = users.create_superuser if name == DEMO_ADMIN else users.create_user
            create(username=name, password=name)
            self.stdout.write(f"Created {name}/{name}")
