"""Run by test_wheel in a process that knows the unpacked wheel: the smallest site that could use it."""

import json

import django
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import include, path

urlpatterns = [path("sync/", include("django_bgsync.urls"))]

if __name__ == "__main__":
    settings.configure(
        SECRET_KEY="smoke",
        ROOT_URLCONF="wheel_smoke",
        ALLOWED_HOSTS=["testserver"],
        STATIC_URL="static/",
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_q", "django_bgsync"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": ":memory:",
                "OPTIONS": {"transaction_mode": "IMMEDIATE"},
            }
        },
        Q_CLUSTER={"orm": "default", "timeout": 60, "retry": 120},
    )
    django.setup()
    call_command("check", verbosity=0)
    call_command("migrate", verbosity=0)
    import django_bgsync

    response = Client().get("/sync/sw.js")
    print(
        json.dumps(
            {
                "home": django_bgsync.__file__,
                "status": response.status_code,
                "type": response["Content-Type"],
                "configured": '"base": "/sync/"' in response.text or '"base":"/sync/"' in response.text,
            }
        )
    )
