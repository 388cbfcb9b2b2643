"""What visitors submit."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

KEY_MAX_CHARS: Final = 64

RESEARCH_LABEL: Final = _("My votes may be used for research.")
RESEARCH_HELP: Final = _(
    "This covers voting and the anonymised row of each vote: which two systems met, the outcome, the reasons ticked, "
    "the language and the week. It contains none of your text. Without it, a battle cannot start."
)
AGE_LABEL: Final = _("I am at least 16 years old.")
AGE_HELP: Final = _("Without it, a battle cannot start.")
PUBLICATION_LABEL: Final = _("My texts may be published too (optional).")
PUBLICATION_HELP: Final = _(
    "This covers your prompts, the answers to them and your feedback, after personal data has been removed. You can "
    "change this at any time on the privacy page."
)


class ConsentForm(forms.Form):
    """The consent question. Each box stands for itself, and none is ticked beforehand."""

    research = forms.BooleanField(
        label=RESEARCH_LABEL,
        help_text=RESEARCH_HELP,
        error_messages={"required": _("Please tick this box to take part; otherwise no battle can start.")},
    )
    age_16 = forms.BooleanField(
        label=AGE_LABEL,
        help_text=AGE_HELP,
        error_messages={"required": _("You must be at least 16 years old to take part.")},
    )
    publication = forms.BooleanField(label=PUBLICATION_LABEL, help_text=PUBLICATION_HELP, required=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A battle that somebody wants to start. `key` makes a doubled submit start one battle."""

    arena: str
    prompt: str
    key: str
    # What was corrected of what was understood, as the form sends it; see `WISHES`.
    wishes: Mapping[str, str] = field(default_factory=dict)

    @property
    def requirement(self) -> dict[str, Any] | None:
        """The corrections as a requirement; None where nothing was corrected."""
        return {name: WISHES[name](value) for name, value in self.wishes.items()} or None


def _number(text: str) -> float | str:
    """A number, or the text itself: the arena's rules say what is wrong with it."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


#: The fields by which a form corrects a requirement of music, and how each is read; an empty one corrects nothing.
WISHES: Final[Mapping[str, Callable[[str], Any]]] = {
    "vocals": lambda text: {"yes": True, "no": False}.get(text, text),
    "duration_s": _number,
    "tempo_bpm": _number,
    "language": str,
    "genres": lambda text: [word.strip() for word in text.split(",") if word.strip()],
    "lyrics": lambda text: text.replace("\r\n", "\n"),
}


def posted_draft(request: HttpRequest, arena: str) -> Draft:
    """The prompt of a start form, with its line ends as the visitor typed them (forms send CR LF)."""
    prompt = request.POST.get("prompt", "").replace("\r\n", "\n")
    said = {name: request.POST.get(name, "").strip() for name in WISHES}
    wishes = {name: text for name, text in said.items() if text}
    return Draft(arena, prompt, request.POST.get("key", "")[:KEY_MAX_CHARS], wishes)


def new_key() -> str:
    """A fresh idempotency key for a start form."""
    return secrets.token_urlsafe(16)


def safe_next(request: HttpRequest, default: str) -> str:
    """Where to go after a form: the address it names, if that is a page of this site, else `default`."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if allowed else default
