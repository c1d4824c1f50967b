"""Check, migrate, ask for the service worker; say on the output what came of it."""

import json
import os
import sys

import django
from django.core.management import call_command
from django.test import Client

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()
call_command("check", fail_level="WARNING", stdout=sys.stderr)
call_command("migrate", verbosity=0)

import django_bgsync  # noqa: E402 - as a project's code would, once Django is set up

worker = Client().get("/sync/sw.js")
print(
    json.dumps(
        {
            "home": django_bgsync.__file__,
            "status": worker.status_code,
            "type": worker["Content-Type"].partition(";")[0],
            "knows its address": "/sync/" in worker.text,
        }
    )
)
