import django.db.models.deletion
from django.db import migrations, models

import django_bgsync.identity


class Migration(migrations.Migration):
    dependencies = [
        ("django_bgsync", "0002_owner_salt"),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedPull",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=django_bgsync.identity.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("feed", models.CharField(max_length=64, verbose_name="feed")),
                ("owner", models.CharField(max_length=255, verbose_name="owner")),
                (
                    "trigger",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("enqueue", "enqueue"),
                            ("sync", "sync event"),
                            ("periodicsync", "periodic sync event"),
                            ("online", "back online"),
                            ("load", "page load"),
                            ("visible", "page visible"),
                            ("login", "login"),
                            ("timer", "timer"),
                            ("manual", "manual"),
                            ("message", "message to the worker"),
                        ],
                        max_length=16,
                        verbose_name="trigger",
                    ),
                ),
                (
                    "wanted_seconds",
                    models.PositiveIntegerField(
                        help_text="What the page asked the browser for.", null=True, verbose_name="wanted interval (s)"
                    ),
                ),
                (
                    "granted_seconds",
                    models.PositiveIntegerField(
                        help_text="What the browser granted; empty for a first pull.",
                        null=True,
                        verbose_name="since the pull before (s)",
                    ),
                ),
                ("pages", models.PositiveIntegerField(default=1, verbose_name="pages")),
                ("items", models.PositiveIntegerField(default=0, verbose_name="items")),
                ("bytes", models.PositiveIntegerField(default=0, verbose_name="bytes")),
                (
                    "duration_ms",
                    models.PositiveIntegerField(default=0, help_text="On the server.", verbose_name="duration (ms)"),
                ),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("complete", "complete"),
                            ("partial", "partial"),
                            ("unchanged", "unchanged"),
                            ("refused", "refused"),
                            ("failed", "failed"),
                        ],
                        max_length=16,
                        verbose_name="outcome",
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=64, verbose_name="code")),
                ("error", models.CharField(blank=True, max_length=500, verbose_name="error")),
                ("traceback", models.TextField(blank=True, verbose_name="traceback")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("ended_at", models.DateTimeField(help_text="When its last page was sent.", verbose_name="ended at")),
                (
                    "client",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="django_bgsync.syncclient",
                        verbose_name="client",
                    ),
                ),
            ],
            options={
                "verbose_name": "pull of a feed",
                "verbose_name_plural": "pulls of feeds",
                "ordering": ("-started_at", "-id"),
                "indexes": [
                    models.Index(fields=["client", "feed", "started_at"], name="bgsync_pull_client"),
                    models.Index(fields=["feed", "started_at"], name="bgsync_pull_feed"),
                    models.Index(fields=["started_at"], name="bgsync_pull_started"),
                ],
            },
        ),
    ]
