"""Battles and reports in the admin: to read, and blind. An operator who votes must not learn here who answered."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from arena.battles.models import Battle, Report, Turn
from arena.common.admin import ReadOnlyAdmin


class TurnInline(admin.TabularInline):  # type: ignore[type-arg]
    """The prompts of a battle; the answers hang on systems, so they stay out."""

    model = Turn
    fields = ("n", "prompt", "attempt", "created_at", "finished_at")
    readonly_fields = fields
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        """Nobody adds a turn here."""
        return False


@admin.register(Battle)
class BattleAdmin(ReadOnlyAdmin):
    """One row per battle, without anything that tells its systems."""

    list_display = ("id", "arena", "state", "reason", "is_simulated", "created_at")
    list_filter = ("arena", "state", "is_simulated")
    fields = ("id", "arena", "state", "reason", "requirement", "publication", "is_simulated", "created_at")
    search_fields = ("=id",)
    ordering = ("-created_at",)
    inlines = (TurnInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Battle]:
        """All battles with their arenas, in one query."""
        return super().get_queryset(request).select_related("arena")


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    """What visitors reported, the newest first."""

    list_display = ("created_at", "reason", "turn_n", "side", "text", "battle_id")
    list_filter = ("reason",)
    search_fields = ("=battle__id",)
    ordering = ("-id",)
    raw_id_fields = ("battle",)
