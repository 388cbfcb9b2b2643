"""What a prompt needs, and how far a system can give it: supported, in part, or not at all. Pure.

Each modality has one module of rules; `RULES` is where a further one is added.
"""

from collections.abc import Mapping
from typing import Any, Final

from arena.router.music_rules import MusicRules
from arena.router.rules import Fit, Need, Offer, RequirementInvalid, Rules
from arena.router.text_rules import TextRules

__all__ = ["RULES", "Fit", "Need", "Offer", "RequirementInvalid", "checked", "fit"]

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


def fit(modality: str, need: Need, offer: Offer) -> Fit:
    """How well a system can do what a prompt needs."""
    return RULES[modality].fit(need, offer)
