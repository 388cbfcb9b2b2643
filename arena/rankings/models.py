"""Tallies of votes, and the leaderboards computed from them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.rankings.filters import OVERALL
from arena.systems.models import SystemVersion


class BattleTraits(models.Model):
    """What a voted battle was about: language and categories of its prompts up to the voted turn.

    Found once, when its vote is folded, by version `rules` of the rules; it outlives an erased prompt.
    """

    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, primary_key=True, related_name="+")
    language = models.CharField(max_length=3)
    # A mask of `categories.Category.bit`.
    categories = models.PositiveIntegerField()
    rules = models.PositiveSmallIntegerField()


class Counted(models.Model):
    """How often two system versions met, one left and one right, and how it ended."""

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    left = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    right = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    left_wins = models.PositiveBigIntegerField(default=0)
    right_wins = models.PositiveBigIntegerField(default=0)
    ties = models.PositiveBigIntegerField(default=0)
    both_bad = models.PositiveBigIntegerField(default=0)

    class Meta:
        abstract = True


class Tally(Counted):
    """The counts of a named board (`filters.BoardFilter.name`): what a refresh reads, one row per ordered pair."""

    board = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arena", "board", "left", "right"], name="tally_unique"),
            models.CheckConstraint(condition=~Q(left=F("right")), name="tally_of_two_versions"),
        ]


class TallyCell(Counted):
    """The same votes by language and mask of categories: every combination of filters is a sum of cells."""

    language = models.CharField(max_length=3)
    categories = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["arena", "left", "right", "language", "categories"], name="tally_cell_unique"
            ),
            models.CheckConstraint(condition=~Q(left=F("right")), name="tally_cell_of_two_versions"),
        ]


class BoardState(models.Model):
    """How many votes a named board has, and a number that grows whenever its tallies change."""

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    board = models.CharField(max_length=40)
    revision = models.PositiveBigIntegerField(default=0)
    counted = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["arena", "board"], name="board_state_unique")]


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
    # `filters.BoardFilter.name`: all votes, or those of one language or category.
    board = models.CharField(max_length=40, default=OVERALL)
    last_vote_id = models.BigIntegerField()
    method = models.JSONField()
    inputs = models.JSONField()
    # "ok", "empty", "disconnected" or "separated"; ratings of anything but "ok" may be missing.
    status = models.CharField(max_length=20)
    groups = models.JSONField(default=list)
    code_version = models.CharField(max_length=60)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["arena", "board", "-id"])]


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
