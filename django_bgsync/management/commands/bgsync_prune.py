from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from django_bgsync.upkeep import retention


class Command(BaseCommand):
    help = "Remove what the settings RETAIN_… no longer keep. Let cron run it every night."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count it")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        for name, count in retention.prune(dry_run=dry_run).items():
            self.stdout.write(f"{count:8} {name}")
