from typing import Any

from django.db import migrations

SALT_ROW = 1


def make_salt(apps: Any, schema_editor: Any) -> None:
    """Before anybody asks for it: processes keep it for a while, and two must never have two."""
    apps.get_model("django_bgsync", "OwnerSalt").objects.using(schema_editor.connection.alias).get_or_create(
        pk=SALT_ROW
    )


class Migration(migrations.Migration):
    dependencies = [("django_bgsync", "0001_initial")]

    operations = [migrations.RunPython(make_salt, migrations.RunPython.noop)]
