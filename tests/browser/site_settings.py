"""The example's settings, with what a test says of service workers, and with visitors:
`Site(..., **service_workers(...))`.
"""

import json
import os

from example_project.settings import *  # noqa: F403
from example_project.settings import BGSYNC, TEMPLATES

BGSYNC = {**BGSYNC, "SERVICE_WORKER": json.loads(os.environ["SERVICE_WORKER"])}
BGSYNC["PERMISSION_CLASSES"] = ["rest_framework.permissions.AllowAny"]
TEMPLATES = [{**TEMPLATES[0], "DIRS": [os.environ["TEMPLATES"], *TEMPLATES[0]["DIRS"]]}]
ROOT_URLCONF = "tests.browser.site_urls"
PASSWORD_HASHERS = ["tests.browser.passwords.Quick"]
