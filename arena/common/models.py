"""The outbox: work promised in the transaction that made it necessary."""

from django.db import models
from django.db.models.functions import Now


class OutboxMessage(models.Model):
    """A Celery task to be sent. The row is deleted once the broker has it; see `arena.common.outbox`."""

    id = models.BigAutoField(primary_key=True)
    task = models.CharField(max_length=120)
    args = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.task}{tuple(self.args)}"


class Heartbeat(models.Model):
    """When a long-running part (a worker of one queue, the periodic sweep) last showed that it works."""

    name = models.CharField(max_length=60, primary_key=True)
    beat_at = models.DateTimeField(db_default=Now())
