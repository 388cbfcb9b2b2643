"""Codes and numbers as a visitor reads them."""

from decimal import Decimal
from typing import Final

from django import template
from django.utils.formats import number_format
from django.utils.translation import get_language_info, gettext

from arena.web import messages

register = template.Library()

_STATE_CLASSES: Final = {
    "ready": "badge--accent",
    "voted": "badge--good",
    "failed": "badge--danger",
    "refused": "badge--warning",
}


@register.filter
def state_class(state: str) -> str:
    """The colour of a battle's state."""
    return _STATE_CLASSES.get(state, "")


@register.filter
def outcome_name(outcome: str) -> str:
    """An outcome as on its button."""
    return str(messages.OUTCOMES[outcome])


@register.filter
def access_name(access: str) -> str:
    """Whether the weights are open."""
    return str(messages.ACCESS[access])


@register.filter
def exclusion_name(code: str) -> str:
    """Why votes were left out; a code without words is shown as it is."""
    return str(messages.EXCLUSIONS.get(code, code))


@register.filter
def text_status(code: str) -> str:
    """Why a battle's texts are not in a release."""
    return str(messages.TEXT_STATUSES.get(code, code))


@register.filter
def rating_status(code: str) -> str:
    """Why a row has no number."""
    return str(messages.RATING_STATUSES.get(code, messages.RATING_STATUSES["unrated"]))


def rounded(number: float, decimals: int) -> str:
    """A number with so many decimals in the visitor's format. Django's own function cuts off instead of rounding."""
    return str(number_format(round(number, decimals), decimals, use_l10n=True))


@register.filter
def usd(amount: Decimal | float | None) -> str:
    """US dollars with as many decimals as the amount has, two at least; a dash where nothing is known."""
    if amount is None:
        return "–"
    exact = Decimal(str(amount)).normalize()
    decimals = max(2, -int(exact.as_tuple().exponent))
    return gettext("${amount}").format(amount=number_format(exact, decimals, use_l10n=True, force_grouping=True))


@register.filter
def category_name(code: str) -> str:
    """A category of prompts."""
    return str(messages.CATEGORIES.get(code, code))


@register.filter
def language_name(code: str) -> str:
    """A language by its name in itself, where Django knows it."""
    if code == "und":
        return gettext("Undetermined")
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code


@register.filter
def event_name(kind: str) -> str:
    """What happened to a system."""
    return str(messages.EVENTS.get(kind, kind))


@register.filter
def feature_name(code: str) -> str:
    """A feature of an answer's form."""
    return str(messages.FEATURES.get(code, code))


@register.filter
def percent(share: float | None) -> str:
    """A share of 1 in per cent, without decimals unless it is small; a dash where nothing is known."""
    if share is None:
        return "–"
    decimals = 1 if 0 < share < 0.0995 else 0
    return gettext("{number} %").format(number=rounded(100 * share, decimals))


@register.filter
def heat(share: float | None) -> str:
    """A step of the shading from 0 to 10; empty where nothing is known."""
    return "" if share is None else f"heat-{round(10 * share)}"


@register.filter
def p_value(p: float) -> str:
    """A probability with as many decimals as it needs."""
    return gettext("below 0.001") if p < 0.001 else rounded(p, 3)


@register.filter
def failure_name(code: str) -> str:
    """Why a call gave no answer."""
    return str(messages.FAILURES[code])


@register.filter
def seconds_or_dash(seconds: float | None) -> str:
    """A duration; a dash where nothing is known."""
    return "–" if seconds is None else gettext("{number} s").format(number=rounded(seconds, 2))


def speed_decimals(factor: float) -> int:
    """114, 4.8, 0.35: as many decimals as say something (the reveal's script does the same)."""
    return 0 if factor >= 10 else 1 if factor >= 1 else 2


@register.filter
def speed_or_dash(factor: float | None) -> str:
    """How much faster than it plays music was made; a dash where nothing is known."""
    if factor is None:
        return "–"
    return gettext("{number} × real time").format(number=rounded(factor, speed_decimals(factor)))


@register.filter
def small_usd(amount: float | None) -> str:
    """A small price with two figures that say something; a dash where nothing is known."""
    if amount is None or not amount:
        return usd(amount)
    return usd(Decimal(f"{amount:.2g}"))
