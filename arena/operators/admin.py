"""Operators' accounts, their second factors, the audit, and the parts of the machine that have rows."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django_otp.plugins.otp_static.admin import StaticDevice
from django_otp.plugins.otp_totp.admin import TOTPDevice

from arena.common import ledger, outbox
from arena.common.admin import AuditedAdmin, ReadOnlyAdmin
from arena.common.admin_actions import Question, act, prove_first
from arena.common.audit import Changes
from arena.common.models import AuditEntry, Heartbeat, OutboxMessage, PeriodicRun, ProcessReport
from arena.operators.second_factors import remove_second_factor

# Their own pages (registered by the imports above) show secrets and delete without asking.
for model in (TOTPDevice, StaticDevice, User, Group):
    admin.site.unregister(model)

RESET = Question(
    title="Remove these second factors?",
    consequences=(
        "Their operators log in with the password alone once more, and set up a new authenticator app then.",
        "Do this only after you have made sure who asks: whoever knows the password can take the account over.",
    ),
    button="Remove",
    note="Who asked, and how did you make sure? (kept in the audit)",
    destructive=True,
)
RETRY = Question(
    title="Ring for these tasks now?",
    consequences=("The broker gets them at once. Tasks are safe to run twice, and rows whose ring succeeds go.",),
    button="Ring now",
)
AGAIN = Question(
    title="Run these periods again?",
    consequences=(
        "A worker takes each within seconds, for one more try. Jobs are safe to run twice.",
        "A job works on one period at a time: where another one is open, nothing happens.",
    ),
    button="Run again",
)
DROP = Question(
    title="Delete these promised tasks?",
    consequences=(
        "The work that they promise may never happen: a leaderboard may wait until the next vote.",
        "This cannot be undone.",
    ),
    button="Delete",
    note="Why? (kept in the audit)",
    destructive=True,
)


@admin.register(User)
class OperatorAdmin(AuditedAdmin, UserAdmin):  # type: ignore[type-arg]
    """Accounts of operators. An account that ever did something stays: switch it off instead (“active”)."""

    list_display = ("username", "is_active", "is_superuser", "has_second_factor", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    readonly_fields = ("last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> Any:
        """Accounts with whether an authenticator is set up, in one query."""
        devices = TOTPDevice.objects.filter(user=models.OuterRef("pk"), confirmed=True)
        return super().get_queryset(request).annotate(second_factor=models.Exists(devices))

    def wants_proof(self, request: HttpRequest, obj: Any) -> bool:
        """Whoever makes accounts or gives them rights proves who they are; looking is free."""
        return self.has_change_permission(request, obj)

    @method_decorator(transaction.atomic)
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        """Django's page, after a fresh proof, and with its audit in one transaction."""
        page = prove_first(self, request, None) if self.has_change_permission(request) else None
        return page or super().user_change_password(request, id, form_url)

    @admin.display(boolean=True, description="second factor")
    def has_second_factor(self, obj: Any) -> bool:
        """Whether an authenticator app is set up."""
        return bool(obj.second_factor)


@admin.register(Group)
class RoleAdmin(AuditedAdmin, GroupAdmin):
    """Sets of permissions for operators."""

    def wants_proof(self, request: HttpRequest, obj: Any) -> bool:
        """As for accounts: a role is rights."""
        return self.has_change_permission(request, obj)


@admin.register(TOTPDevice)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Who has an authenticator app; its secret is shown to nobody."""

    list_display = ("user", "confirmed", "created_at", "last_used_at")
    list_select_related = ("user",)
    fields = ("user", "name", "confirmed", "created_at", "last_used_at")
    search_fields = ("user__username",)
    actions = ("reset",)

    def has_reset_permission(self, request: HttpRequest) -> bool:
        """Whoever may change accounts may let one start anew."""
        return request.user.has_perm("auth.change_user")

    @admin.action(description="Remove (lost phone)…", permissions=["reset"])
    def reset(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """For a lost phone without recovery codes."""
        return act(self, request, queryset, RESET, _reset, "{n} removed.")


def _reset(device: TOTPDevice, _note: str) -> Changes | None:
    return {"second_factor": (True, False)} if remove_second_factor(device.user) else None


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what, and when."""

    list_display = ("created_at", "actor", "action", "target_name", "told", "note")
    list_filter = ("action",)
    list_select_related = ("actor",)
    search_fields = ("actor__username", "action", "target_name", "=target_id")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = ("created_at", "actor", "action", "target_type", "target_id", "target_name", "told", "note")
    readonly_fields = ("told",)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """The history of a row links here with these."""
        return lookup in ("target_type", "target_id") or super().lookup_allowed(lookup, value, request)

    @admin.display(description="changes")
    def told(self, obj: AuditEntry) -> SafeString:
        """Field by field, before → after."""
        rows = ((name, _shown(pair[0]), _shown(pair[1])) for name, pair in obj.changes.items())
        return format_html_join("; ", "{}: {} → {}", rows)


def _shown(value: Any) -> str:
    return "–" if value in (None, "") else str(value)


@admin.register(OutboxMessage)
class OutboxAdmin(ReadOnlyAdmin):
    """Work that was promised and has not reached the broker. Mostly empty."""

    list_display = ("created_at", "task", "args")
    list_filter = ("task",)
    ordering = ("id",)
    actions = ("retry", "drop")

    def has_repair_permission(self, request: HttpRequest) -> bool:
        """Whoever may change the outbox."""
        return request.user.has_perm("common.change_outboxmessage")

    @admin.action(description="Ring now…", permissions=["repair"])
    def retry(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """Do not wait for the sweep."""
        return act(self, request, queryset, RETRY, _retry, "{n} rung for.")

    @admin.action(description="Delete…", permissions=["repair"])
    def drop(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """For a row that nobody can deliver."""
        return act(self, request, queryset, DROP, _drop, "{n} deleted.")


def _retry(message: OutboxMessage, _note: str) -> Changes | None:
    return {"delivered": (False, True)} if outbox.deliver(message) else None


def _drop(message: OutboxMessage, _note: str) -> Changes | None:
    deleted, _by_model = OutboxMessage.objects.filter(pk=message.pk).delete()
    return {"task": (str(message), None)} if deleted else None


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """When each part last showed that it works; the status page says it better."""

    list_display = ("name", "beat_at")
    ordering = ("name",)


@admin.register(ProcessReport)
class ProcessReportAdmin(ReadOnlyAdmin):
    """Every process that reported lately; the status page says it better."""

    list_display = ("id", "kind", "started_at", "beat_at")
    list_filter = ("kind",)
    ordering = ("kind", "id")


@admin.register(PeriodicRun)
class PeriodicRunAdmin(ReadOnlyAdmin):
    """Periods of jobs: done, running, or given up with an error."""

    list_display = ("job", "period_start", "state", "attempt", "finished_at", "error")
    list_filter = ("job", "error")
    ordering = ("-id",)
    actions = ("again",)

    def has_repair_permission(self, request: HttpRequest) -> bool:
        """Whoever may change the ledger."""
        return request.user.has_perm("common.change_periodicrun")

    @admin.display(description="state")
    def state(self, run: PeriodicRun) -> str:
        """In a word."""
        if run.finished_at is not None:
            return "given up" if run.error else "done"
        return "to be tried again" if run.error else "running"

    @admin.action(description="Run again…", permissions=["repair"])
    def again(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """For a period that was given up, or whose effect was lost."""
        return act(self, request, queryset, AGAIN, _again, "{n} to be run again within seconds.")


def _again(run: PeriodicRun, _note: str) -> Changes | None:
    return {"finished_at": (run.finished_at, None)} if ledger.run_again(run.pk) else None
