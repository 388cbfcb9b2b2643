"""What a text prompt needs, and how far a system can give it. Pure.

requirement     `language`: a BCP 47 tag that the answer must be in ("fr", "pt-BR")
                `context_tokens`: how much context the prompt needs, where the caller knows better than the estimate
signature       `languages`: the tags that the system can answer in; absent: any
system          `context_tokens`: the size of its context; None: unknown, taken as enough
"""

from collections.abc import Mapping
from typing import Any, Final

from arena.router.rules import (
    Fit,
    Need,
    Offer,
    Reader,
    RequirementInvalid,
    is_language_tag,
    language_fit,
    nothing_more,
)

MAX_CONTEXT_TOKENS: Final = 10_000_000
#: UTF-8 bytes per token, on the low side of common tokenisers (English is about 4, Chinese about 3).
BYTES_PER_TOKEN: Final = 3
#: Room that an answer should have beside the prompt.
ANSWER_TOKENS: Final = 512


class TextRules:
    """Language and context length."""

    meets_in_part = True

    def checked(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """The requirement, normalised.

        Raises:
            RequirementInvalid: an unknown key, or a value of the wrong kind.
        """
        for key, value in requirement.items():
            if key == "language":
                good = is_language_tag(value)
            elif key == "context_tokens":
                good = type(value) is int and 1 <= value <= MAX_CONTEXT_TOKENS
            else:
                raise RequirementInvalid(f"unknown key {key!r}")
            if not good:
                raise RequirementInvalid(f"{key}: {value!r}")
        return dict(requirement)

    def understood(
        self,
        prompt: str,  # noqa: ARG002 - one interface
        wish: Mapping[str, Any],
        reader: Reader = nothing_more,  # noqa: ARG002
    ) -> dict[str, Any]:
        """What was asked for: nothing is read from the prompt of a text, and nobody is asked to."""
        return dict(wish)

    def asked(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """All of it."""
        return dict(requirement)

    def published(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """All of it. Raises RequirementInvalid."""
        return self.checked(requirement)

    def shortfalls(self, need: Need, offer: Offer) -> dict[str, Fit]:
        """Language and context."""
        fits = {"language": self._language(need, offer), "context": self._context(need, offer)}
        return {aspect: fit for aspect, fit in fits.items() if fit is not Fit.SUPPORTED}

    @staticmethod
    def _language(need: Need, offer: Offer) -> Fit:
        return language_fit(need.requirement.get("language"), map(str, offer.signature.get("languages") or ()))

    @staticmethod
    def _context(need: Need, offer: Offer) -> Fit:
        if offer.context_tokens is None:
            return Fit.SUPPORTED
        tokens = need.requirement.get("context_tokens") or -(-need.prompt_bytes // BYTES_PER_TOKEN)
        if tokens + ANSWER_TOKENS <= offer.context_tokens:
            return Fit.SUPPORTED
        return Fit.PARTIAL if tokens < offer.context_tokens else Fit.UNSUPPORTED
