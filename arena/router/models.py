"""Sampling policies and the pairings drawn under them."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.systems.models import System, SystemVersion


class SamplingPolicy(models.Model):
    """How pairs are drawn; a row is never edited, a change is a new row. The newest row of an arena counts."""

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=40, default="weighted")
    # weighted: {"new_system_boost": factor ≥ 1, "new_system_battles": battles until the boost ends}
    options = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["arena", "number"], name="policy_number_unique")]

    def __str__(self) -> str:
        return f"{self.arena} policy {self.number}"


class DrawCount(models.Model):
    """How often a system was drawn while it was new; the boost of the sampling policy fades with it.

    It belongs to a behaviour, not to a version: a changed price makes a new version and no new system. Counting stops
    where the boost ends (`new_system_battles`), so that an old arena's draws write no shared row at all.
    """

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="+")
    behaviour = models.CharField(max_length=64)
    draws = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "behaviour"], name="draw_count_unique")]

    def __str__(self) -> str:
        return f"{self.system}: {self.draws} draws"


class PromptReading(models.Model):
    """What a model answered when it was asked what a prompt needs, as it came; also the cache of these answers.

    The prompt itself is not here: `digest` is keyed, so that nobody can try prompts. Forgotten after some days.
    """

    digest = models.CharField(max_length=64)
    model = models.CharField(max_length=120, blank=True)
    # The instruction and the schema that it was asked with.
    version = models.CharField(max_length=16)
    reply = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest", "model", "version"], name="prompt_reading_unique")]
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"reading {self.pk}"


class Pairing(models.Model):
    """The two systems drawn for a prompt, with everything needed to draw them again.

    `pair_propensity` is the probability of this unordered pair, `side_propensity` that of this side order given
    the pair. `pool` lists [version id, weight] in the order that the sampler saw.
    """

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    policy = models.ForeignKey(SamplingPolicy, on_delete=models.PROTECT, related_name="+")
    left = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    right = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    pool = models.JSONField()
    pair_propensity = models.FloatField()
    side_propensity = models.FloatField()
    # The seed fills 63 bits of a PostgreSQL bigint.
    seed = models.BigIntegerField()
    attempt = models.PositiveSmallIntegerField(default=1)
    redraw_of = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(pair_propensity__gt=0, pair_propensity__lte=1), name="pairing_pair_propensity"
            ),
            models.CheckConstraint(
                condition=Q(side_propensity__gt=0, side_propensity__lte=1), name="pairing_side_propensity"
            ),
            models.CheckConstraint(condition=~Q(left=F("right")), name="pairing_of_two_systems"),
            models.CheckConstraint(
                condition=Q(attempt=1, redraw_of=None) | Q(attempt__gt=1, redraw_of__isnull=False),
                name="pairing_redraw_names_its_first",
            ),
        ]

    def __str__(self) -> str:
        return f"pairing {self.pk}"


class Route(models.Model):
    """Which member a router picked for a pairing, and the probabilities by which: its whole battle is the member's.

    `scores`: member, as releases name it → probability of being preferred to another member that could be had.
    """

    pairing = models.ForeignKey(Pairing, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=5, choices=[("left", "left"), ("right", "right")])
    member = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    scores = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pairing", "side"], name="route_one_per_side")]
