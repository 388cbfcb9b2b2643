"""The forms of logging in: the password, and the second factor."""

from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from arena.operators import logins


class LoginForm(AdminAuthenticationForm):
    """Name and password, tried only so often."""

    def clean(self) -> Any:
        """Count the try before the password is looked at."""
        refused = logins.count_attempt(self.request, str(self.cleaned_data.get("username", "")))  # type: ignore[arg-type]
        if refused is not None:
            minutes = -(-refused.retry_after_s // 60)
            raise ValidationError(f"Too many attempts. Try again in {minutes} minutes.", code="limited")
        return super().clean()


class CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "spellcheck": "false", "autofocus": True}),
    )
