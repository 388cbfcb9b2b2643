"""What every modality's rules are about: a prompt's need, a system's offer, and how they meet. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Protocol

_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Fit(IntEnum):
    """How well a system can do what a prompt needs; ordered."""

    UNSUPPORTED = 0
    PARTIAL = 1
    SUPPORTED = 2


class RequirementInvalid(ValueError):
    """The requirement has an unknown key or a value of the wrong kind; the message names it."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one prompt needs: the checked requirement and the size of the prompt in UTF-8 bytes."""

    requirement: Mapping[str, Any]
    prompt_bytes: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What one system accepts and gives."""

    signature: Mapping[str, Any]
    context_tokens: int | None


class Rules(Protocol):
    """What a modality adds: which requirements exist, and how they meet a signature."""

    def checked(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """The requirement, normalised; raises RequirementInvalid."""
        ...

    def fit(self, need: Need, offer: Offer) -> Fit:
        """How well the offer meets the need."""
        ...


def is_language_tag(value: object) -> bool:
    """Whether this reads as a BCP 47 tag ("fr", "pt-BR")."""
    return isinstance(value, str) and _TAG.fullmatch(value) is not None
