"""Tallies of votes, and the leaderboards computed from them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.systems.models import SystemVersion


class Tally(models.Model):
    """How often two system versions met and how it ended; `first` has the lower id. Sides are forgotten here."""

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    first = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    first_wins = models.PositiveBigIntegerField(default=0)
    second_wins = models.PositiveBigIntegerField(default=0)
    ties = models.PositiveBigIntegerField(default=0)
    both_bad = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arena", "first", "second"], name="tally_unique_pair"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="tally_pair_ordered"),
        ]


class FoldWatermark(models.Model):
    """Up to which vote the tallies of an arena are complete, and how many votes were left out and why.

    `simulated` of the `counted` votes are simulated (demo arenas only). `revision` grows with every change of the
    tallies or of these numbers.
    """

    arena = models.OneToOneField(Arena, on_delete=models.PROTECT, primary_key=True, related_name="+")
    last_vote_id = models.BigIntegerField(default=0)
    revision = models.PositiveBigIntegerField(default=0)
    counted = models.PositiveBigIntegerField(default=0)
    simulated = models.PositiveBigIntegerField(default=0)
    # Class of exclusion → number of votes.
    excluded = models.JSONField(default=dict)


class Snapshot(models.Model):
    """An immutable leaderboard: its inputs, its method, and what came out.

    Every vote up to `last_vote_id` is counted or excluded in it. `groups` names, by version ids, the pieces of a
    disconnected graph or the groups of a separated one, strongest first.
    """

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    last_vote_id = models.BigIntegerField()
    method = models.JSONField()
    inputs = models.JSONField()
    # "ok", "empty", "disconnected" or "separated"; ratings of anything but "ok" may be missing.
    status = models.CharField(max_length=20)
    groups = models.JSONField(default=list)
    code_version = models.CharField(max_length=60)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["arena", "-id"])]


class Rating(models.Model):
    """One row of a snapshot. Numbers are null where the comparison graph does not determine them.

    `version` is the newest of the versions that were pooled, because they behave alike.
    """

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="ratings")
    version = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    rating = models.FloatField(null=True)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    rank_low = models.PositiveIntegerField(null=True)
    rank_high = models.PositiveIntegerField(null=True)
    votes = models.PositiveBigIntegerField()
    status = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "version"], name="rating_unique")]
