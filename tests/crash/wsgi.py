"""The web process that is killed."""

from contextlib import ExitStack

from django.core.wsgi import get_wsgi_application

from django_bgsync.milestones import watched
from tests.crash.orders import Watcher

watching = ExitStack()  # for as long as the process lives
watching.enter_context(watched(Watcher()))
application = get_wsgi_application()
