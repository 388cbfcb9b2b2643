"""What a prompt needs, and how far a system can give it: supported, in part, or not at all. Pure.

Each modality has one set of rules here; `RULES` is where a further one is added. Text knows:

requirement     `language`: a BCP 47 tag that the answer must be in ("fr", "pt-BR")
                `context_tokens`: how much context the prompt needs, where the caller knows better than the estimate
signature       `languages`: the tags that the system can answer in; absent: any
system          `context_tokens`: the size of its context; None: unknown, taken as enough
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Protocol

_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
MAX_CONTEXT_TOKENS: Final = 10_000_000
#: UTF-8 bytes per token, on the low side of common tokenisers (English is about 4, Chinese about 3).
BYTES_PER_TOKEN: Final = 3
#: Room that an answer should have beside the prompt.
ANSWER_TOKENS: Final = 512


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


class TextRules:
    """Language and context length."""

    def checked(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """The requirement, normalised.

        Raises:
            RequirementInvalid: an unknown key, or a value of the wrong kind.
        """
        for key, value in requirement.items():
            if key == "language":
                good = isinstance(value, str) and _TAG.fullmatch(value) is not None
            elif key == "context_tokens":
                good = type(value) is int and 1 <= value <= MAX_CONTEXT_TOKENS
            else:
                raise RequirementInvalid(f"unknown key {key!r}")
            if not good:
                raise RequirementInvalid(f"{key}: {value!r}")
        return dict(requirement)

    def fit(self, need: Need, offer: Offer) -> Fit:
        """The worse of language and context."""
        return min(self._language(need, offer), self._context(need, offer))

    @staticmethod
    def _language(need: Need, offer: Offer) -> Fit:
        wanted = need.requirement.get("language")
        languages = offer.signature.get("languages")
        if wanted is None or not languages:
            return Fit.SUPPORTED
        offered = {str(language).lower() for language in languages}
        if wanted.lower() in offered:
            return Fit.SUPPORTED
        # "fr-CA" is served in part by a system that says "fr", and the other way round.
        same = wanted.lower().partition("-")[0] in {language.partition("-")[0] for language in offered}
        return Fit.PARTIAL if same else Fit.UNSUPPORTED

    @staticmethod
    def _context(need: Need, offer: Offer) -> Fit:
        if offer.context_tokens is None:
            return Fit.SUPPORTED
        tokens = need.requirement.get("context_tokens") or -(-need.prompt_bytes // BYTES_PER_TOKEN)
        if tokens + ANSWER_TOKENS <= offer.context_tokens:
            return Fit.SUPPORTED
        return Fit.PARTIAL if tokens < offer.context_tokens else Fit.UNSUPPORTED


RULES: Final[Mapping[str, Rules]] = {"text": TextRules()}


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
