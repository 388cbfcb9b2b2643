"""Votes: one per battle, never edited or deleted; what was heard before them, and what was withdrawn."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.votes.outcome import Outcome

_OUTCOMES = [(outcome.value, outcome.value) for outcome in Outcome]


class Vote(models.Model):
    """One voter's outcome on one battle. Triggers refuse its deletion, and changes of anything but withdrawn feedback
    and the time of a simulated vote.

    `reasons` and `feedback` hold one entry per side.
    """

    id = models.BigAutoField(primary_key=True)
    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, related_name="+")
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=8, choices=_OUTCOMES)
    turn_n = models.PositiveSmallIntegerField()
    reasons = models.JSONField(default=dict)
    feedback = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=[outcome.value for outcome in Outcome]), name="vote_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"vote {self.pk}: {self.outcome}"


class Listening(models.Model):
    """What was heard of a battle's two clips: the state of `arena.votes.listening.Ledger`, not the single reports.

    The columns of a side are what the gate reads and what is published; `working` is what the next report needs.
    A row is a few kilobytes at most, whatever is reported.
    """

    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, related_name="+")
    left_duration_s = models.FloatField()
    right_duration_s = models.FloatField()
    left_heard_s = models.FloatField(default=0)
    right_heard_s = models.FloatField(default=0)
    # Parts of the clip that were heard, in milliseconds of its own time: [[start, end], …], in order, disjoint.
    left_intervals = models.JSONField(default=list)
    right_intervals = models.JSONField(default=list)
    working = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(left_duration_s__gt=0, right_duration_s__gt=0), name="listening_clips_have_a_length"
            ),
            models.CheckConstraint(
                condition=Q(left_heard_s__gte=0, right_heard_s__gte=0), name="listening_seconds_are_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"battle {self.battle_id}: {self.left_heard_s} s left, {self.right_heard_s} s right"


class WithdrawnScope(models.TextChoices):
    """What a voter takes back: the texts of a battle, or its vote as well."""

    TEXT = "text", "text"
    VOTE = "vote", "vote"


class Withdrawal(models.Model):
    """A voter's wish about one battle. Only ever added to: a trigger refuses changes."""

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=4, choices=WithdrawnScope.choices)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["battle", "scope"], name="withdrawal_once"),
            models.CheckConstraint(condition=Q(scope__in=WithdrawnScope.values), name="withdrawal_scope_known"),
        ]
