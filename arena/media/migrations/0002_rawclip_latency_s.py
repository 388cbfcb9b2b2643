"""How long a system took for its clip."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media", "0001_initial"), ("battles", "0005_turn_phase")]

    operations = [
        migrations.AddField("rawclip", "latency_s", models.FloatField(default=0.0), preserve_default=False),
    ]
