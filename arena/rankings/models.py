"""Tallies of votes, and the leaderboards computed from them."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.rankings.filters import OVERALL
from arena.rankings.variants import USUAL
from arena.systems.models import SystemVersion
from arena.votes.models import Vote


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

    def __str__(self) -> str:
        return f"{self.board}: {self.left} against {self.right}"


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
    # The revision of the newest leaderboard, and when it was looked at.
    fitted_revision = models.PositiveBigIntegerField(db_default=0)
    fitted_at = models.DateTimeField(null=True)

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

    def __str__(self) -> str:
        return f"votes counted of {self.arena}"


class TakenOut(models.Model):
    """A vote that was folded, and then withdrawn by its voter: it is in no tally any more."""

    vote = models.OneToOneField(Vote, on_delete=models.PROTECT, primary_key=True, related_name="+")


class SnapshotIsImmutable(Exception):
    """Somebody tried to edit a stored leaderboard."""


class Snapshot(models.Model):
    """An immutable leaderboard: its inputs, its method, and what came out.

    Every vote up to `last_vote_id` is counted or excluded in it. `groups` names, by version ids, the pieces of a
    disconnected graph or the groups of a separated one, strongest first. `digest` is of the counts that it was made
    from, `document_sha256` of the JSON document that computing it again must give (`computing.recompute`). Triggers
    refuse changes, and deletions that are not those of `services.thin_out`.
    """

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    # `filters.BoardFilter.name`: all votes, or those of one language or category.
    board = models.CharField(max_length=40, default=OVERALL)
    # `variants.VARIANTS`: the usual one is nameless.
    variant = models.CharField(max_length=20, default=USUAL, blank=True)
    last_vote_id = models.BigIntegerField()
    method = models.JSONField()
    inputs = models.JSONField()
    # "ok", "empty", "disconnected" or "separated"; ratings of anything but "ok" may be missing.
    status = models.CharField(max_length=20)
    groups = models.JSONField(default=list)
    # Empty in those of before there was one.
    digest = models.CharField(max_length=64, blank=True)
    document_sha256 = models.CharField(max_length=64, blank=True)
    code_version = models.CharField(max_length=60)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [
            models.Index(fields=["arena", "board", "variant", "-id"]),
            models.Index(fields=["arena", "board", "variant", "created_at"]),
        ]

    def __str__(self) -> str:
        return f"leaderboard {self.pk}: {self.board} {self.variant}".rstrip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; nothing may be changed later."""
        if not self._state.adding:
            raise SnapshotIsImmutable(f"snapshot {self.pk} is stored")
        super().save(*args, **kwargs)


class Rating(models.Model):
    """One row of a snapshot. Numbers are null where the comparison graph does not determine them.

    `version` is the newest of the versions that were pooled, because they behave alike.
    """

    # A snapshot goes before its ratings: so the trigger sees that they go with it.
    snapshot = models.ForeignKey(Snapshot, on_delete=models.DO_NOTHING, related_name="ratings")
    version = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    rating = models.FloatField(null=True)
    lower = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    rank_low = models.PositiveIntegerField(null=True)
    rank_high = models.PositiveIntegerField(null=True)
    tier = models.PositiveIntegerField(null=True)
    # Limits that hold for all rows at once, and such that hold at every look.
    simultaneous_lower = models.FloatField(null=True)
    simultaneous_upper = models.FloatField(null=True)
    sequence_lower = models.FloatField(null=True)
    sequence_upper = models.FloatField(null=True)
    votes = models.PositiveBigIntegerField()
    status = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "version"], name="rating_unique")]


class BattleForm(models.Model):
    """The amounts of `forms.FORMS` in both answers to the voted turn, counted once per voted battle."""

    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, primary_key=True, related_name="+")
    left = ArrayField(models.IntegerField())
    right = ArrayField(models.IntegerField())


class Study(models.Model):
    """What takes too long for a refresh, computed now and then from single votes; never edited, the newest counts.

    `kind` is "fragility" (how few votes change the first place) or "style" (ratings with the form of answers held
    equal). Every vote up to `last_vote_id` was looked at. A trigger refuses changes.
    """

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    last_vote_id = models.BigIntegerField()
    revision = models.PositiveBigIntegerField()
    result = models.JSONField()
    code_version = models.CharField(max_length=60)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["arena", "kind", "-id"])]


class DrawMark(models.Model):
    """Up to which pairing the draws of an arena have been counted."""

    arena = models.OneToOneField(Arena, on_delete=models.PROTECT, primary_key=True, related_name="+")
    last_pairing_id = models.BigIntegerField(default=0)
    draws = models.PositiveBigIntegerField(default=0)


class DrawSum(models.Model):
    """How often two versions were drawn together, beside what the logged weights say; `first` ≤ `second`.

    `observed`: draws of the pair, `first_left` of them with the first on the left. `expected`: the sum, over all
    draws, of the probability of this pair. `product`: the sum of the products of both versions' probabilities to be
    drawn. A row of one version with itself has its own draws, probability and squared probability.
    """

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    first = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    observed = models.PositiveBigIntegerField(default=0)
    first_left = models.PositiveBigIntegerField(default=0)
    expected = models.FloatField(default=0)
    product = models.FloatField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arena", "first", "second"], name="draw_sum_unique"),
            models.CheckConstraint(condition=Q(first__lte=F("second")), name="draw_sum_ordered"),
        ]


class ImportedSource(models.Model):
    """Votes of a file from elsewhere, as a board of its own beside the arena's; they never enter another board."""

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    file_sha256 = models.CharField(max_length=64)
    votes = models.PositiveBigIntegerField()
    # Class → votes of the file that were not counted.
    ignored = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arena", "name"], name="imported_source_name_unique"),
            models.UniqueConstraint(fields=["arena", "file_sha256"], name="imported_source_file_once"),
        ]


class ImportedTally(models.Model):
    """The counts of an imported source, by the names that its file has for the systems."""

    source = models.ForeignKey(ImportedSource, on_delete=models.PROTECT, related_name="+")
    left = models.CharField(max_length=200)
    right = models.CharField(max_length=200)
    left_wins = models.PositiveBigIntegerField(default=0)
    right_wins = models.PositiveBigIntegerField(default=0)
    ties = models.PositiveBigIntegerField(default=0)
    both_bad = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "left", "right"], name="imported_tally_unique")]
