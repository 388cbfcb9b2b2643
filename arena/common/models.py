"""The outbox: work promised in the transaction that made it necessary."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class OutboxMessage(models.Model):
    """A Celery task to be sent. The row is deleted once the broker has it; see `arena.common.outbox`."""

    id = models.BigAutoField(primary_key=True)
    task = models.CharField(max_length=120)
    args = models.JSONField(default=list)
    # Of the request that made the work necessary; see `arena.common.tracing`.
    request_id = models.CharField(max_length=64, blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.task}{tuple(self.args)}"


class Heartbeat(models.Model):
    """When a long-running part (a worker of one queue, the periodic sweep) last showed that it works."""

    name = models.CharField(max_length=60, primary_key=True)
    beat_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class PeriodicRun(models.Model):
    """One period of one job: claimed, done, or given up; see `arena.common.ledger`."""

    id = models.BigAutoField(primary_key=True)
    job = models.CharField(max_length=100)
    period_start = models.DateTimeField()
    # The fence: a worker that lost its lease changes nothing afterwards.
    attempt = models.PositiveSmallIntegerField(default=1)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # The class of the last failure; with `finished_at`, the period was given up.
    error = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "period_start"], name="periodic_run_once"),
            models.UniqueConstraint(
                fields=["job"], condition=models.Q(finished_at=None), name="periodic_run_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job} of {self.period_start:%d %b %Y %H:%M} UTC"


class MetricSeries(models.Model):
    """What all processes together counted of one metric with one set of labels; see `arena.common.metrics`."""

    name = models.CharField(max_length=80)
    labels = ArrayField(models.CharField(max_length=200))
    # A counter: one number. A histogram: a number per bucket, one for longer times, and the sum of seconds.
    amounts = ArrayField(models.FloatField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "labels"], name="metric_series_unique")]


class ProcessReport(models.Model):
    """What a process said about itself last; see `arena.common.processes`."""

    id = models.CharField(max_length=160, primary_key=True)
    kind = models.CharField(max_length=60)
    gauges = models.JSONField(default=dict)
    started_at = models.DateTimeField(db_default=Now(), editable=False)
    beat_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.id


class AuditEntry(models.Model):
    """Who did what in the admin, and when. Rows are only ever added: a trigger refuses everything else."""

    id = models.BigAutoField(primary_key=True)
    # None: nobody was logged in (a failed login).
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    action = models.CharField(max_length=60)
    # `app.model` and key, as text: the audit outlives what it speaks of.
    target_type = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=60, blank=True)
    target_name = models.CharField(max_length=200, blank=True)
    # field → [before, after]
    changes = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["target_type", "target_id", "-id"]),
            models.Index(fields=["-created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.target_name}" if self.target_name else self.action
