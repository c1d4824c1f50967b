from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from django_bgsync import runners


class DjangoBgsyncConfig(AppConfig):
    name = "django_bgsync"
    verbose_name = _("Offline sync")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        autodiscover_modules("bgsync")
        post_migrate.connect(_schedule_sweep, sender=self)
        from django_bgsync import checks  # they know models, which are not loaded before

        checks.register_all()


def _schedule_sweep(**kwargs: Any) -> None:
    """Not when a process starts: the tables may not be there, and every process would ask for it."""
    runners.current().schedule_sweep()
