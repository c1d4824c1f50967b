from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from django_bgsync.conf import settings
from django_bgsync.upkeep import backlog, health


class Command(BaseCommand):
    help = "Say how things stand: what is not finished yet, and who was last at work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        seen, piles = asdict(health.look()), [asdict(pile) for pile in backlog.piles()]
        if options["json"]:
            self.stdout.write(json.dumps({**seen, "runner": settings.RUNNER, "open": piles}, cls=DjangoJSONEncoder))
            return
        for name, value in {**seen, "runner": settings.RUNNER}.items():
            self.stdout.write(f"{name:16} {value or '-'}")
        for pile in piles:
            self.stdout.write("{items:8} {state:9} {tag}, oldest received {oldest}".format(**pile))
