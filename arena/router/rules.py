"""What every modality's rules are about: a prompt's need, a system's offer, and how they meet. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final, Protocol, TypeAlias

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
    """What one prompt needs: the requirement, and the size of the prompt in UTF-8 bytes and in characters."""

    requirement: Mapping[str, Any]
    prompt_bytes: int
    prompt_chars: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """What one system accepts and gives."""

    signature: Mapping[str, Any]
    context_tokens: int | None


#: A second reader of a prompt (see `model_reader`): what it found, in checked keys of a requirement; maybe nothing.
Reader: TypeAlias = Callable[[str], Mapping[str, Any]]


def nothing_more(_prompt: str) -> Mapping[str, Any]:
    """The second reader where there is none."""
    return {}


class Rules(Protocol):
    """What a modality adds: which requirements exist, and how they meet a signature.

    `meets_in_part`: whether systems that can do only a part of it may meet where two cannot do it wholly.
    """

    meets_in_part: bool

    def checked(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """The requirement, normalised; raises RequirementInvalid."""
        ...

    def understood(self, prompt: str, wish: Mapping[str, Any], reader: Reader = nothing_more) -> dict[str, Any]:
        """What the prompt needs: what was asked for (checked), completed from the prompt's words, then by a reader."""
        ...

    def asked(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """Of what `understood` gave, the part that was asked for."""
        ...

    def published(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """Of what is stored, the part that holds nobody's own words; raises RequirementInvalid."""
        ...

    def shortfalls(self, need: Need, offer: Offer) -> dict[str, Fit]:
        """What the system cannot do wholly, by aspect; empty: it can do everything."""
        ...


def is_language_tag(value: object) -> bool:
    """Whether this reads as a BCP 47 tag ("fr", "pt-BR")."""
    return isinstance(value, str) and _TAG.fullmatch(value) is not None


def language_fit(wanted: str | None, offered: Iterable[str]) -> Fit:
    """How well a system serves a language; one that names none serves any, and "fr" serves "fr-CA" in part."""
    known = {tag.lower() for tag in offered}
    if wanted is None or not known or wanted.lower() in known:
        return Fit.SUPPORTED
    same = wanted.lower().partition("-")[0] in {tag.partition("-")[0] for tag in known}
    return Fit.PARTIAL if same else Fit.UNSUPPORTED
