"""Arenas: one competition each."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

LISTED_FROM_VOTES: Final = 30
SETTLED_FROM_VOTES: Final = 300


class Modality(models.TextChoices):
    """What the systems of an arena give."""

    TEXT = "text", "Text"
    MUSIC = "music", "Music"


class Arena(models.Model):
    """One competition: a modality, its systems and its leaderboard."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    modality = models.CharField(max_length=16, choices=Modality.choices, default=Modality.TEXT)
    is_open = models.BooleanField(default=True)
    # Simulated votes move the board of a demo arena only.
    is_demo = models.BooleanField(default=False)
    # Arenas of music: what must have been heard of each side before a vote. Changing it applies to open battles too.
    min_listen_s = models.FloatField(
        "seconds to hear of each side before a vote",
        default=5.0,
        db_default=5.0,
        validators=[MinValueValidator(0), MaxValueValidator(60)],
        help_text="Arenas of music only. A clip that is shorter must be heard nearly whole.",
    )
    # With fewer votes a system is listed apart, without a rank.
    listed_from_votes = models.PositiveIntegerField(
        "votes from which a system is ranked", default=LISTED_FROM_VOTES, db_default=LISTED_FROM_VOTES
    )
    settled_from_votes = models.PositiveIntegerField(
        "votes from which a rating is not preliminary", default=SETTLED_FROM_VOTES, db_default=SETTLED_FROM_VOTES
    )
    suggestions = ArrayField(models.TextField(), default=list, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.slug
