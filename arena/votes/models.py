"""Votes: one per battle, never edited or deleted."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from arena.accounts.models import Voter
from arena.battles.models import Battle
from arena.votes.outcome import Outcome

_OUTCOMES = [(outcome.value, outcome.value) for outcome in Outcome]


class Vote(models.Model):
    """One voter's outcome on one battle. `reasons` and `feedback` hold one entry per side."""

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
