from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from django_bgsync.upkeep import sweep


class Command(BaseCommand):
    help = "Try every item that is due, once. Let cron run it every minute where no worker does."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Items changed: {sweep.sweep()}")
