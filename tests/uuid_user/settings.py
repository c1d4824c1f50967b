"""The settings of the tests, with that project's users."""

from tests.settings import *  # noqa: F403 - settings are extended like this
from tests.settings import INSTALLED_APPS as BASE_APPS

INSTALLED_APPS = [*BASE_APPS, "tests.uuid_user"]
AUTH_USER_MODEL = "uuid_user.User"

# Made beside the database of the tests, while that one is in use.
if DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3":  # noqa: F405 - comes with the star
    DATABASES["default"]["TEST"] = {"NAME": f"test_{DATABASES['default']['NAME']}_uuid"}  # noqa: F405
