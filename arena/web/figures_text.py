"""The figures of a reveal in words and in the visitor's number format."""

from decimal import Decimal

from django.utils.formats import number_format

from arena.web.strings import SCRIPT_STRINGS
from arena.web.templatetags.arena_text import rounded, speed_decimals, usd


def _said(key: str, number: str) -> str:
    return str(SCRIPT_STRINGS[key]).format(number=number)


def seconds_text(seconds: float | None) -> str:
    """A duration, in seconds with two decimals."""
    if seconds is None:
        return str(SCRIPT_STRINGS["unit.unknown"])
    return _said("unit.seconds", rounded(seconds, 2))


def speed_text(factor: float | None) -> str:
    """How much faster than it plays music was made, with no more decimals than say something."""
    if factor is None:
        return str(SCRIPT_STRINGS["unit.unknown"])
    return _said("unit.speed", rounded(factor, speed_decimals(factor)))


def tokens_text(tokens: int | None) -> str:
    """The length of an answer."""
    if tokens is None:
        return str(SCRIPT_STRINGS["unit.unknown"])
    return _said("unit.tokens", number_format(tokens, 0, use_l10n=True, force_grouping=True))


def cost_text(cost_usd: Decimal | float | None) -> str:
    """The price of an answer in US dollars."""
    return str(SCRIPT_STRINGS["unit.unknown"]) if cost_usd is None else usd(cost_usd)
