"""Systems in the admin. Versions are read-only; a system may be paused there, the kill switch of a running arena."""

from django.contrib import admin
from django.http import HttpRequest

from arena.common.admin import ReadOnlyAdmin
from arena.systems.models import System, SystemVersion


@admin.register(System)
class SystemAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """One row per contender. Names and weights come from the systems file."""

    list_display = ("name", "arena", "weight", "is_paused", "created_at")
    list_filter = ("arena", "is_paused")
    search_fields = ("name",)
    fields = ("arena", "name", "weight", "is_paused", "created_at")
    readonly_fields = ("arena", "name", "weight", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - one interface
        """Systems are registered from a file."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: System | None = None) -> bool:  # noqa: ARG002
        """A system that was ever drawn stays."""
        return False


@admin.register(SystemVersion)
class SystemVersionAdmin(ReadOnlyAdmin):
    """One row per version."""

    list_display = ("system", "number", "backend", "organisation", "created_at", "retired_at")
    list_filter = ("system__arena", "backend", "access")
    list_select_related = ("system",)
    search_fields = ("system__name",)
