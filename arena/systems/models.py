"""Systems and their versions. A version is never edited, only superseded."""

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from arena.arenas.models import Arena


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
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arena", "name"], name="system_name_unique_in_arena"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="system_weight_positive"),
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
