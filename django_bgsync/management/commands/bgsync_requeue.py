from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from django_bgsync.enums import Operation
from django_bgsync.operations import actions, batches, items
from django_bgsync.operations.selections import PARKED, Selection


class Command(BaseCommand):
    help = "Open parked items again, those with all of the features that are named. Without any, only count them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tag", default="", help="of this tag")
        parser.add_argument("--code", default="", help="with this code, for example dead")
        parser.add_argument("--since", help="parked since then: 2026-11-20, or 2026-11-20T10:00")
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def handle(self, *args: Any, tag: str, code: str, since: str | None, dry_run: bool, **options: Any) -> None:
        selection = Selection(state=PARKED, tag=tag, code=code, since=_read_instant(since) if since else None)
        if not dry_run and (tag or code or since):
            action = actions.request(Operation.RETRY, selection, username="bgsync_requeue")
            batches.carry_on(action.pk)
            action.refresh_from_db()
            self.stdout.write(f"Items opened: {action.done}")
            return
        rows = items.select(Operation.RETRY, selection)
        counts = rows.values_list("tag_id", "code").order_by("tag_id", "code").annotate(items=Count("pk"))
        for name, reason, count in counts:
            self.stdout.write(f"{count:8} {name} {reason}")
        if not dry_run:
            self.stdout.write("Nothing was opened. Name --tag, --code or --since.")


def _read_instant(text: str) -> datetime:
    """A date or a time, in the project's time zone if it names none. Raises CommandError."""
    try:
        if (day := parse_date(text)) is not None:
            instant: datetime | None = datetime.combine(day, time.min)
        else:
            instant = parse_datetime(text)
    except ValueError:
        instant = None
    if instant is None:
        raise CommandError(f"--since {text!r} is no time. Write 2026-11-20 or 2026-11-20T10:00.")
    return timezone.make_aware(instant) if timezone.is_naive(instant) else instant
