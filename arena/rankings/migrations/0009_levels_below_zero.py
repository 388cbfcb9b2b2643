from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rankings", "0008_boards_and_studies_stay"),
    ]

    operations = [
        migrations.AlterField(
            model_name="battleform", name=side, field=ArrayField(base_field=models.IntegerField(), size=None)
        )
        for side in ("left", "right")
    ]
