"""Indexes of the few items at which somebody must look, instead of all; one for what is due, by tag."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("django_bgsync", "0004_operations")]

    operations = [
        migrations.AddIndex(
            "syncitem",
            models.Index(
                fields=["tag", "next_at"], name="bgsync_item_due", condition=models.Q(("next_at__isnull", False))
            ),
        ),
        migrations.AddIndex(
            "syncitem",
            models.Index(
                fields=["owner", "received_at"],
                name="bgsync_item_not_applied",
                condition=models.Q(("state", "applied"), _negated=True),
            ),
        ),
        migrations.AddIndex(
            "syncitem",
            models.Index(fields=["after"], name="bgsync_item_after", condition=models.Q(("after__isnull", False))),
        ),
        migrations.RemoveIndex("syncitem", "bgsync_item_owner"),
        migrations.AlterField("syncitem", "after", models.UUIDField(null=True, verbose_name="after")),
        migrations.AlterField(
            "syncitem",
            "next_at",
            models.DateTimeField(null=True, help_text="When somebody must look again.", verbose_name="next at"),
        ),
    ]
