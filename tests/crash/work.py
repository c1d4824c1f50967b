"""One pass of the process that is killed: `python -m tests.crash.work worker` or `… sweeper`."""

from __future__ import annotations

import sys

import django

from tests.crash.orders import Watcher


def main() -> None:
    django.setup()
    from django_bgsync.milestones import watched
    from django_bgsync.upkeep import sweep

    with watched(Watcher()):
        {"worker": sweep.work, "sweeper": sweep.sweep}[sys.argv[1]]()


if __name__ == "__main__":
    main()
