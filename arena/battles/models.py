"""Battles, turns and responses. State changes go through `services`, by compare-and-set."""

import secrets
import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.states import BattleState, Phase, ResponseStatus
from arena.router.models import Pairing
from arena.systems.models import SystemVersion

_STATES = [(state.value, state.value) for state in BattleState]
_STATUSES = [(status.value, status.value) for status in ResponseStatus]
_SIDES = [("left", "left"), ("right", "right")]
_PHASES = [(phase.value, phase.value) for phase in Phase]


def random_id() -> uuid.UUID:
    """An identifier of 128 random bits: it names a battle and cannot be guessed."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


class Battle(models.Model):
    """One prompt of one or more turns and two systems, from submit to its end."""

    id = models.UUIDField(primary_key=True, default=random_id, editable=False)
    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    voter = models.ForeignKey(Voter, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=_STATES, default=BattleState.QUEUED.value)
    # A stable code that the pages translate, never a text of a backend.
    reason = models.CharField(max_length=60, blank=True)
    requirement = models.JSONField(default=dict, blank=True)
    # The pairing that counts; earlier ones hang on it by `redraw_of`.
    pairing = models.OneToOneField(Pairing, on_delete=models.PROTECT, null=True, related_name="+")
    idempotency_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 - NULL is never equal to NULL
    is_simulated = models.BooleanField(default=False)
    # Publication consent as it stood when the battle started.
    publication = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    state_changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["voter", "idempotency_key"], name="battle_idempotency_key"),
            models.CheckConstraint(
                condition=~Q(state__in=["ready", "voted"]) | Q(pairing__isnull=False),
                name="battle_ready_has_a_pairing",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in BattleState]), name="battle_state_known"
            ),
        ]
        permissions = [("reveal_battle", "Can see the systems of a battle before its vote")]
        indexes = [
            models.Index(fields=["voter", "-created_at"]),
            # The admin lists the newest first, and refusals by themselves.
            models.Index(fields=["-created_at"], name="battle_newest"),
            models.Index(fields=["-created_at"], name="battle_refused", condition=Q(state="refused")),
            models.Index(
                fields=["state_changed_at"],
                name="battle_open",
                condition=Q(state__in=["queued", "generating", "ready"]),
            ),
        ]

    def __str__(self) -> str:
        return f"battle {str(self.pk)[:8]} ({self.state})"


class Prefetched(models.Model):
    """A battle that was made before anybody asked for it: of a suggested prompt, ready for the first who takes it."""

    battle = models.OneToOneField(Battle, on_delete=models.PROTECT, primary_key=True, related_name="+")
    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    prompt = models.TextField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    taken_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["arena", "created_at"], name="prefetched_untaken", condition=Q(taken_at=None))]


class RefusedBattle(Battle):
    """The battles that never began, for a list of their own in the admin."""

    class Meta:
        proxy = True


class Turn(models.Model):
    """One prompt of a battle. The lease and the attempt (the fence) belong to whoever generates it now."""

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="+")
    n = models.PositiveSmallIntegerField()
    prompt = models.TextField()
    idempotency_key = models.CharField(max_length=200, null=True)  # noqa: DJ001 - NULL is never equal to NULL
    # Of the request that asked for it: whoever takes the turn over writes its lines under the same id.
    request_id = models.CharField(max_length=64, blank=True, db_default="")
    attempt = models.PositiveSmallIntegerField(default=0)
    # What is to be done next; whoever has done a phase hands the turn over to the next one.
    phase = models.CharField(max_length=16, choices=_PHASES, db_default=Phase.GENERATE.value)
    lease_until = models.DateTimeField(null=True)
    # When the doorbell rang last: the sweep rings again for a turn that nobody took.
    rung_at = models.DateTimeField(db_default=Now(), null=True)
    stop_requested_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["battle", "n"], name="turn_number_unique"),
            models.UniqueConstraint(fields=["battle", "idempotency_key"], name="turn_idempotency_key"),
        ]
        indexes = [
            models.Index(fields=["lease_until"], name="turn_unfinished", condition=Q(finished_at=None)),
        ]


class RefusedTurn(models.Model):
    """A follow-up that moderation refused; the battle went on without it."""

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="+")
    prompt = models.TextField()
    reason = models.CharField(max_length=60)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"refused turn {self.pk}: {self.reason}"


class Response(models.Model):
    """One system's output in one turn. Failed and discarded attempts stay rows."""

    turn = models.ForeignKey(Turn, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=5, choices=_SIDES)
    pairing = models.ForeignKey(Pairing, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=16, choices=_STATUSES, default=ResponseStatus.GENERATING.value)
    # The turn's attempt that made this row: a late writer of an earlier attempt changes nothing.
    attempt = models.PositiveSmallIntegerField()
    content = models.TextField(blank=True)
    reasoning = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    error_class = models.CharField(max_length=60, blank=True)
    ttft_s = models.FloatField(null=True)
    latency_s = models.FloatField(null=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    # Which phrases gave the maker away, and by which version of the list; null: not looked at yet.
    identity_matches = ArrayField(models.CharField(max_length=120), null=True)
    identity_list_version = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["turn", "side"],
                condition=Q(status__in=["generating", "complete"]),
                name="response_one_live_per_side",
            ),
        ]


class Report(models.Model):
    """A visitor's report of an answer; an operator reads it."""

    battle = models.ForeignKey(Battle, on_delete=models.PROTECT, related_name="+")
    turn_n = models.PositiveSmallIntegerField()
    side = models.CharField(max_length=5, choices=_SIDES)
    reason = models.CharField(max_length=40)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # Open until an operator says what became of it.
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["battle", "turn_n", "side"], name="report_one_per_answer"),
        ]
        indexes = [models.Index(fields=["-id"], name="report_open", condition=Q(resolved_at=None))]

    def __str__(self) -> str:
        return f"report {self.pk}: {self.reason}, {self.side} of turn {self.turn_n}"
