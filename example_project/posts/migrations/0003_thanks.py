from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL), ("posts", "0002_photo")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="thanked_by",
            field=models.ManyToManyField(blank=True, related_name="thanked_posts", to=settings.AUTH_USER_MODEL),
        ),
    ]
