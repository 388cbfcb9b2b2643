"""Actions of the admin that ask before they act: a page says what will happen, and every row acted on is audited.

One path for a list's actions and for the buttons on a row's own page: both post to the list, with `action` and the
selected keys; the page that asks posts the same again with `confirmed`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin, helpers
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from arena.common import audit, proof

#: Does the action to one row. Returns what changed (field → before, after), None where there was nothing to do.
Deed: TypeAlias = Callable[[Any, str], audit.Changes | None]

MAX_ROWS: Final = 200


@dataclass(frozen=True, slots=True)
class Question:
    """What the page says. `destructive`: it cannot be undone, so the operator proves who they are (see `proof`).

    `proves`: they prove it for what comes after the page, which itself does no harm.
    """

    title: str
    consequences: tuple[str, ...]
    button: str
    # The label of the note; empty: none is asked.
    note: str = ""
    destructive: bool = False
    proves: bool = False


class ConfirmForm(forms.Form):
    """The note, and the proof where one is wanted."""

    def __init__(self, request: HttpRequest, question: Question, data: Any = None) -> None:
        super().__init__(data)
        self._request = request
        if question.note:
            self.fields["note"] = forms.CharField(
                label=question.note, max_length=1000, widget=forms.Textarea({"rows": 3, "cols": 60})
            )
        way = proof.wanted(request) if question.destructive or question.proves else None
        if way == "code":
            field = forms.CharField(label="Code of your authenticator app, or a recovery code", max_length=40)
            field.widget.attrs |= {"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"}
            self.fields["proof"] = field
        elif way == "password":
            widget = forms.PasswordInput({"autocomplete": "current-password"})
            self.fields["proof"] = forms.CharField(label="Your password", widget=widget)

    def clean_proof(self) -> str:
        """Refuse a wrong code or password."""
        if not proof.accepts(self._request, self.cleaned_data["proof"]):
            raise forms.ValidationError("That is not right. A code works once; wait for the next one and try again.")
        return ""


PROVE: Final = Question(
    title="Is it still you?",
    consequences=(
        "You logged in some time ago, and what this form does to accounts or to visitors needs a fresh proof.",
        "The form opens again afterwards. What you had typed into it was not saved.",
    ),
    button="Continue",
    proves=True,
)


def prove_first(model_admin: "ModelAdmin[Any]", request: HttpRequest, row: models.Model | None) -> HttpResponse | None:
    """What comes before a form whose effect is destructive: a page that asks for proof; None while it is fresh."""
    if proof.wanted(request) is None:
        return None
    form = ConfirmForm(request, PROVE, request.POST if "confirmed" in request.POST else None)
    if form.is_valid():
        return HttpResponseRedirect(request.get_full_path())
    return _page(model_admin, request, [row] if row else [], PROVE, form)


def act(
    model_admin: "ModelAdmin[Any]",
    request: HttpRequest,
    queryset: "models.QuerySet[Any]",
    question: Question,
    deed: Deed,
    done: str,
) -> HttpResponse | None:
    """Ask, then do it to every selected row, each with its audit entry, all in one transaction.

    Args:
        model_admin: whose action this is; the name of the action comes with the request.
        request: the request.
        queryset: the selected rows.
        question: what to ask first.
        deed: what is done.
        done: a sentence with `{n}` for the message.

    Returns:
        The page that asks; None once everything was done.
    """
    rows = list(queryset[: MAX_ROWS + 1])
    if len(rows) > MAX_ROWS:
        model_admin.message_user(request, f"Choose at most {MAX_ROWS} rows at a time.", messages.ERROR)
        return None
    confirmed = "confirmed" in request.POST
    form = ConfirmForm(request, question, request.POST if confirmed else None)
    if not (confirmed and form.is_valid()):
        return _page(model_admin, request, rows, question, form)
    n = _carry_out(model_admin, request, rows, deed, str(form.cleaned_data.get("note", "")))
    level = messages.SUCCESS if n else messages.WARNING
    model_admin.message_user(request, done.format(n=n) if n else "There was nothing to do.", level)
    return None


def _carry_out(
    model_admin: "ModelAdmin[Any]", request: HttpRequest, rows: Iterable[models.Model], deed: Deed, note: str
) -> int:
    n = 0
    action = f"{model_admin.opts.model_name}.{request.POST['action']}"
    with transaction.atomic():
        for row in rows:
            changes = deed(row, note)
            if changes is not None:
                audit.record(request.user, action, row, changes, note)
                n += 1
    return n


def _page(
    model_admin: "ModelAdmin[Any]", request: HttpRequest, rows: list[Any], question: Question, form: ConfirmForm
) -> TemplateResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": question.title,
        "question": question,
        "rows": rows,
        "form": form,
        "action": request.POST.get("action", ""),
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "operators/confirm.html", context)
