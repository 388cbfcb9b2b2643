"""Tallies and leaderboards in the admin: to read, never to change."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin, ReadOnlyInline
from arena.rankings.models import FoldWatermark, Rating, Snapshot, Tally


@admin.register(Tally)
class TallyAdmin(ReadOnlyAdmin):
    """One row per board and pair of versions that met."""

    list_display = ("board", "left", "right", "left_wins", "right_wins", "ties", "both_bad")
    list_filter = ("arena", "board")
    list_select_related = ("left__system", "right__system")


@admin.register(FoldWatermark)
class FoldWatermarkAdmin(ReadOnlyAdmin):
    """Up to which vote the tallies are complete."""

    list_display = ("arena", "last_vote_id", "counted", "simulated", "excluded")


class RatingInline(ReadOnlyInline):
    """The rows of a leaderboard."""

    model = Rating


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    """One leaderboard each."""

    list_display = ("id", "arena", "board", "variant", "status", "last_vote_id", "code_version", "created_at")
    list_filter = ("arena", "variant", "status")
    inlines = (RatingInline,)
