"""Settings of the processes that are killed: on the test's database, with handlers of their own."""

import os

from tests.concurrency.cluster_settings import *  # noqa: F403 - settings are extended like this
from tests.settings import INSTALLED_APPS as BASE_APPS

INSTALLED_APPS = [*BASE_APPS, "tests.crash"]
BGSYNC = {
    "RUNNER": os.environ["RUNNER"],
    "AUTHENTICATION_CLASSES": ["tests.app.authentication.NameAuthentication"],
}
