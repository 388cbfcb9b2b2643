"""Counters in the admin: to read. A subject is a keyed hash and is not shown."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from arena.integrity.models import RateCounter


@admin.register(RateCounter)
class RateCounterAdmin(ReadOnlyAdmin):
    """One row per subject, action and window."""

    list_display = ("action", "window_start", "count")
    list_filter = ("action",)
    fields = ("action", "window_start", "count")
