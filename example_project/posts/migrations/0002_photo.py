import django.core.validators
from django.db import migrations, models

import example_project.posts.models


class Migration(migrations.Migration):
    dependencies = [("posts", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="photo",
            field=models.FileField(
                blank=True,
                upload_to=example_project.posts.models.photo_path,
                validators=[django.core.validators.FileExtensionValidator(["gif", "jpeg", "jpg", "png", "webp"])],
            ),
        ),
    ]
