"""Sampling policies and pairings in the admin: to read."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from arena.router.models import DrawCount, Pairing, PromptReading, SamplingPolicy


@admin.register(SamplingPolicy)
class SamplingPolicyAdmin(ReadOnlyAdmin):
    """One row per policy; the newest of an arena counts."""

    list_display = ("arena", "number", "kind", "options", "created_at")
    list_filter = ("arena",)


@admin.register(Pairing)
class PairingAdmin(ReadOnlyAdmin):
    """One row per draw, blind: neither the pair nor the seed that gives it away. A battle's page reveals them."""

    list_display = ("id", "arena", "pair_propensity", "side_propensity", "attempt", "created_at")
    list_filter = ("arena", "attempt")
    list_select_related = ("arena",)
    ordering = ("-id",)
    fields = ("arena", "policy", "pair_propensity", "side_propensity", "attempt", "created_at")


@admin.register(DrawCount)
class DrawCountAdmin(ReadOnlyAdmin):
    """How often each new system was drawn so far."""

    list_display = ("system", "behaviour", "draws")
    list_select_related = ("system",)


@admin.register(PromptReading)
class PromptReadingAdmin(ReadOnlyAdmin):
    """What the model that reads prompts answered, without the prompts."""

    list_display = ("id", "model", "version", "created_at")
    list_filter = ("model", "version")
    ordering = ("-id",)
