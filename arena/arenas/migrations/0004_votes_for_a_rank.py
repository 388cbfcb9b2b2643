from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("arenas", "0003_min_listen"),
    ]

    operations = [
        migrations.AddField(
            model_name="arena",
            name="listed_from_votes",
            field=models.PositiveIntegerField(
                db_default=30, default=30, verbose_name="votes from which a system is ranked"
            ),
        ),
        migrations.AddField(
            model_name="arena",
            name="settled_from_votes",
            field=models.PositiveIntegerField(
                db_default=300, default=300, verbose_name="votes from which a rating is not preliminary"
            ),
        ),
    ]
