"""What a prompt needs, and how far a system can give it: supported, in part, or not at all. Pure.

Each modality has one module of rules; `RULES` is where a further one is added.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from arena.router.music_rules import MusicRules
from arena.router.rules import Fit, Need, Offer, RequirementInvalid, Rules
from arena.router.text_rules import TextRules

__all__ = ["RULES", "Fit", "Need", "Offer", "RequirementInvalid", "able", "checked", "fit", "shortfalls"]

T = TypeVar("T")

RULES: Final[Mapping[str, Rules]] = {"text": TextRules(), "music": MusicRules()}


def checked(modality: str, requirement: object) -> dict[str, Any]:
    """A requirement as the modality knows it; None stands for none.

    Raises:
        RequirementInvalid: it is no object of known keys and good values.
    """
    if requirement is None:
        return {}
    if not isinstance(requirement, Mapping):
        raise RequirementInvalid("not an object")
    return RULES[modality].checked(requirement)


def shortfalls(modality: str, need: Need, offer: Offer) -> dict[str, Fit]:
    """What a system cannot do wholly of what a prompt needs, by aspect."""
    return RULES[modality].shortfalls(need, offer)


def fit(modality: str, need: Need, offer: Offer) -> Fit:
    """How well a system can do what a prompt needs: as well as in its worst aspect."""
    return min(shortfalls(modality, need, offer).values(), default=Fit.SUPPORTED)


def able(modality: str, need: Need, offers: Mapping[T, Offer]) -> list[T]:
    """Those that can do it wholly; those that can in part only where two cannot wholly, and the modality allows it."""
    fits = {one: fit(modality, need, offer) for one, offer in offers.items()}
    wholly = [one for one, found in fits.items() if found is Fit.SUPPORTED]
    if len(wholly) > 1 or not RULES[modality].meets_in_part:
        return wholly
    return [one for one, found in fits.items() if found is not Fit.UNSUPPORTED]
