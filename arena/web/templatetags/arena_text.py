"""Codes and numbers as a visitor reads them."""

from decimal import Decimal
from typing import Final

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext

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


@register.filter
def usd(amount: Decimal | float | None) -> str:
    """US dollars with as many decimals as the amount has, two at least; a dash where nothing is known."""
    if amount is None:
        return "–"
    exact = Decimal(str(amount)).normalize()
    decimals = max(2, -int(exact.as_tuple().exponent))
    return gettext("${amount}").format(amount=number_format(exact, decimals, use_l10n=True, force_grouping=True))
