"""Counters of what voters and networks did lately."""

from django.db import models


class RateCounter(models.Model):
    """How often one subject did one action in one window.

    `subject` is a keyed hash (of a voter id or of a network prefix), so that no address is stored.
    """

    action = models.CharField(max_length=20)
    subject = models.BinaryField(max_length=16)
    window_start = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["action", "subject", "window_start"], name="rate_counter_unique"),
        ]
        indexes = [models.Index(fields=["window_start"])]

    def __str__(self) -> str:
        return f"{self.action}, window of {self.window_start:%d %b %Y %H:%M} UTC"
