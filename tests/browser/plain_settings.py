"""The example with a worker that handles no request of its pages, as it is without options."""

from example_project.settings import *  # noqa: F403
from example_project.settings import BGSYNC as WITH_OPTIONS

BGSYNC = {key: value for key, value in WITH_OPTIONS.items() if key != "SERVICE_WORKER"}
PASSWORD_HASHERS = ["tests.browser.passwords.Quick"]
