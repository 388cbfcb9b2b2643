"""Systems and their versions. A version is never edited, only superseded."""

from datetime import timedelta
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from arena.arenas.models import Arena
from arena.systems.breaker import BreakerState


class Access(models.TextChoices):
    """Whether the weights of a system are public."""

    OPEN = "open", "open"
    PROPRIETARY = "proprietary", "proprietary"


class System(models.Model):
    """A contender of one arena, known by its name."""

    arena = models.ForeignKey(Arena, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    # Sampling weight: steering, not identity, so it is not part of a version.
    weight = models.FloatField(default=1.0)
    # A paused system keeps its version and its rating; it is only not drawn.
    is_paused = models.BooleanField(default=False)
    # What each of its versions may cost in a UTC day; steering as well. None: the site's default.
    daily_budget_usd = models.DecimalField(
        "daily budget (USD)", max_digits=10, decimal_places=2, null=True, blank=True
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arena", "name"], name="system_name_unique_in_arena"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="system_weight_positive"),
            models.CheckConstraint(condition=Q(daily_budget_usd__gte=0), name="system_budget_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name


class VersionIsImmutable(Exception):
    """Somebody tried to edit a stored system version."""


class SystemVersion(models.Model):
    """What a system was at one time: model, parameters, prices, licence flags.

    `endpoint` says how to call it (backend name and its options, with the *name* of the environment variable
    that holds the key, never the key). `behaviour` is the fingerprint of everything that can change an output.
    """

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    organisation = models.CharField(max_length=120)
    access = models.CharField(max_length=16, choices=Access.choices)
    licence = models.CharField(max_length=120)
    links = models.JSONField(default=dict, blank=True)
    backend = models.CharField(max_length=40)
    endpoint = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict, blank=True)
    signature = models.JSONField(default=dict, blank=True)
    context_tokens = models.PositiveIntegerField(null=True, blank=True)
    price_in_usd_per_mtok = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    price_out_usd_per_mtok = models.DecimalField(max_digits=12, decimal_places=6, default=0)
    # Declared by whoever registers the system; nobody here can measure it.
    energy_wh_per_mtok = models.FloatField(null=True, blank=True)
    # Declared as well: what it learnt from, in a few words.
    training_data = models.CharField(max_length=200, blank=True)
    release_outputs = models.BooleanField(default=False)
    behaviour = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "number"], name="system_version_number_unique"),
            models.UniqueConstraint(
                fields=["system"], condition=Q(retired_at=None), name="system_one_current_version"
            ),
            models.CheckConstraint(
                condition=Q(retired_at=None) | Q(retired_at__gte=F("created_at")),
                name="system_version_retired_after_created",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system.name} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; an update may only retire the version."""
        if not self._state.adding and set(kwargs.get("update_fields") or ()) != {"retired_at"}:
            raise VersionIsImmutable(f"{self} is stored; register a new version instead")
        super().save(*args, **kwargs)


class SystemEvent(models.Model):
    """What happened to a system as a contender, for everybody to read; why is in the audit, for operators.

    A trigger refuses changes and deletion.
    """

    class Kind(models.TextChoices):
        """What happened."""

        REGISTERED = "registered", "registered"
        PAUSED = "paused", "paused"
        RESUMED = "resumed", "resumed"
        RETIRED = "retired", "retired"

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.system}: {self.kind}"


class Usage(models.Model):
    """What one version did in one UTC hour, by outcome: written with the calls, so that nobody counts them again.

    `outcome` is empty for an answer, else `usage.UNUSED`, `usage.SIMULATED` or the class of the error. The times are
    counts in `buckets.BOUNDS_S`.
    """

    version = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    hour = models.DateTimeField()
    outcome = models.CharField(max_length=60, blank=True)
    calls = models.PositiveIntegerField(default=0)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    # Reported where the backend counts tokens, else estimated: the budget must not depend on a backend's honesty.
    cost_usd = models.DecimalField(max_digits=16, decimal_places=8, default=0)
    # Of it, what is an estimate by the text that came: also of calls that broke off, or that nobody used.
    estimated_usd = models.DecimalField(max_digits=16, decimal_places=8, default=0, db_default=0)
    ttft_counts = ArrayField(models.PositiveIntegerField())
    latency_counts = ArrayField(models.PositiveIntegerField())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "hour", "outcome"], name="usage_unique")]
        indexes = [models.Index(fields=["hour"])]


class Health(models.Model):
    """The circuit breaker of one version (see `breaker`), and its last answer and failure. No row: never called."""

    version = models.OneToOneField(SystemVersion, on_delete=models.PROTECT, primary_key=True, related_name="+")
    state = models.CharField(max_length=16, default=BreakerState.CLOSED.value)
    recent = models.CharField(max_length=100, blank=True)
    openings = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    probe_until = models.DateTimeField(null=True)
    last_answer_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_error_class = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in BreakerState]), name="health_state_known"
            ),
        ]


class Reservation(models.Model):
    """What a running call may cost at most, kept free in its version's budget until it ends, or until `expires_at`."""

    version = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    holder = models.CharField(max_length=60)
    cost_usd = models.DecimalField(max_digits=16, decimal_places=8)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["holder", "version"], name="reservation_unique")]


#: A worker that computes one is killed after five minutes; a clock may differ by some seconds.
_LONGEST_TRIAL: Final = timedelta(minutes=6)


class Trial(models.Model):
    """An operator's test prompt: one version called once, outside of any battle. Forgotten after some days."""

    version = models.ForeignKey(SystemVersion, on_delete=models.PROTECT, related_name="+")
    prompt = models.TextField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    content = models.TextField(blank=True)
    reasoning = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    error_class = models.CharField(max_length=60, blank=True)
    ttft_s = models.FloatField(null=True)
    latency_s = models.FloatField(null=True)
    input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "test prompt"

    def __str__(self) -> str:
        return f"test prompt {self.pk} for {self.version}"

    @property
    def is_lost(self) -> bool:
        """Whether it began and nobody will end it: the worker was killed, by its limit or otherwise."""
        began = self.started_at
        return self.finished_at is None and began is not None and began < timezone.now() - _LONGEST_TRIAL
