"""The page that makes a test prompt."""

from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from arena.common import audit
from arena.systems import trials
from arena.systems.models import SystemVersion


class TrialForm(forms.Form):
    """What to ask."""

    prompt = forms.CharField(
        label="Prompt",
        max_length=trials.MAX_CHARS,
        initial="Say hello in one sentence.",
        widget=forms.Textarea({"rows": 5, "cols": 80}),
    )


def trial_page(model_admin: "ModelAdmin[Any]", request: HttpRequest, system_id: int) -> HttpResponse:
    """Ask for a prompt; then store the trial and show its own page, where the outcome appears."""
    if not request.user.has_perm("systems.change_system"):
        raise PermissionDenied
    current = SystemVersion.objects.select_related("system").filter(retired_at=None)
    version = get_object_or_404(current, system_id=system_id)
    form = TrialForm(request.POST or None)
    if form.is_valid():
        with transaction.atomic():
            trial = trials.start(version, form.cleaned_data["prompt"])
            audit.record(request.user, "trial.start", version)
        return HttpResponseRedirect(reverse("admin:systems_trial_change", args=[trial.pk]))
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": f"Test prompt for {version}",
        "version": version,
        "form": form,
        "total_s": int(trials.TOTAL_S),
    }
    return TemplateResponse(request, "operators/trial_start.html", context)
