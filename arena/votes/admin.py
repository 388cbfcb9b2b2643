"""Votes in the admin: to read, never to change."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from arena.votes.models import Vote


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    """One row per vote."""

    list_display = ("id", "battle", "outcome", "turn_n", "created_at")
    list_filter = ("outcome", "battle__arena")
    list_select_related = ("battle",)
    ordering = ("-id",)
