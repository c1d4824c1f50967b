"""No workers: cron runs `bgsync_sweep`, and the sweeper does everything."""

from __future__ import annotations

from django_bgsync.runners import Runner


class NoRunner(Runner):
    can_kick = False
