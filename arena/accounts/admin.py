"""Tokens, voters and consents in the admin. No secret is shown, except a new token, once."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from arena.accounts.errors import LimitsInvalid
from arena.accounts.limits import parse_limits
from arena.accounts.models import ApiToken, Consent, Voter
from arena.accounts.services import create_token, revoke_token
from arena.common.admin import AuditedAdmin, ReadOnlyAdmin
from arena.common.admin_actions import Question, act
from arena.common.audit import Changes

REVOKE = Question(
    title="Revoke these tokens?",
    consequences=(
        "From now on they open nothing: the programs that use them stop working at once.",
        "This cannot be undone. A program that needs access again gets a new token.",
    ),
    button="Revoke",
    note="Why? (kept in the audit)",
    destructive=True,
)


class NewTokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A name, and limits in the words of the command line."""

    limits = forms.CharField(
        required=False,
        help_text="Replace the site's limits for this token: battle.network=0,vote.token=5000/3600 (0: none)",
    )

    class Meta:
        model = ApiToken
        fields = ("name", "limits")

    def clean_limits(self) -> Any:
        """Read them; a mistake is shown beside the field."""
        try:
            return parse_limits(self.cleaned_data["limits"])
        except LimitsInvalid as error:
            raise forms.ValidationError(str(error)) from error


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedAdmin):
    """One row per program. A new token is shown once; only its hash is stored."""

    list_display = ("name", "created_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    search_fields = ("name",)
    ordering = ("-id",)
    fields = ("name", "limits", "created_at", "revoked_at")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only what a new token needs, or everything but the hash."""
        return super().get_fields(request, obj) if obj else ("name", "limits")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A form for new ones; nothing of an old one changes."""
        return NewTokenForm if obj is None else super().get_form(request, obj, change=change, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """A token is used as it is, or revoked."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change tokens may revoke them, although nothing else of them can be changed."""
        return request.user.has_perm("accounts.change_apitoken")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ARG002
        """Make the token; its value is kept only for the answer to this request."""
        token, obj.value_once = create_token(form.cleaned_data["name"], form.cleaned_data["limits"])
        obj.pk = token.pk

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """Show the value. It is in this page alone: no message, no session, no cache."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Token for {obj.name}",
            "value": obj.value_once,
        }
        return TemplateResponse(request, "operators/new_token.html", context, headers={"Cache-Control": "no-store"})

    @admin.action(description="Revoke…", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> HttpResponse | None:
        """From now on these tokens open nothing."""
        return act(self, request, queryset, REVOKE, _revoke, "{n} revoked.")


def _revoke(token: ApiToken, _note: str) -> Changes | None:
    return {"revoked": (False, True)} if revoke_token(token) else None


@admin.register(Voter)
class VoterAdmin(ReadOnlyAdmin):
    """One row per pseudonym."""

    list_display = ("id", "token", "external_id", "is_simulated", "created_at")
    list_filter = ("is_simulated", "token")
    list_select_related = ("token",)
    search_fields = ("=id", "=external_id")
    ordering = ("-id",)
    fields = ("token", "external_id", "is_simulated", "created_at")


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """One row per answer to the consent question."""

    list_display = ("id", "voter", "token", "research", "publication", "age_16", "text_version", "created_at")
    list_filter = ("publication", "created_at")
    list_select_related = ("voter", "token")
    search_fields = ("=voter__id",)
    ordering = ("-id",)
