"""Clips: as a system gave them, and as visitors hear them."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from arena.battles.models import Response


class RawClip(models.Model):
    """Audio as a system gave it, until it is prepared. Nobody but a worker reads it."""

    response = models.OneToOneField(Response, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=120, unique=True)
    media_type = models.CharField(max_length=80)
    bytes = models.PositiveIntegerField()
    lyrics = models.TextField(blank=True)
    # From the call to the whole clip.
    latency_s = models.FloatField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)


class Clip(models.Model):
    """Audio as it is heard: one profile for every system. Its object never changes."""

    response = models.OneToOneField(Response, on_delete=models.PROTECT, related_name="+")
    # Random: a name that tells neither the system nor the other side's name.
    key = models.CharField(max_length=120, unique=True)
    media_type = models.CharField(max_length=80)
    duration_s = models.FloatField()
    # At most 400 heights of the waveform, 0 to 100.
    peaks = ArrayField(models.PositiveSmallIntegerField())
    bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # What the system sang, as it says itself. After the vote only, as everything below.
    lyrics = models.TextField(blank=True)
    # Format, loudness and length of the original.
    native = models.JSONField(default=dict)
    # Seconds of music that the system gave, before the clips of both sides were cut to one length.
    generated_s = models.FloatField()
    # From the hand-over to both sides' being ready.
    prepared_in_s = models.FloatField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(duration_s__gt=0), name="clip_has_a_length"),
            models.CheckConstraint(condition=Q(peaks__len__lte=400), name="clip_has_at_most_400_peaks"),
        ]
        indexes = [models.Index(fields=["-created_at"], name="clip_newest")]
