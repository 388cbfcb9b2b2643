"""What a system of music accepts and gives. Pure.

vocals          `none`, `optional` (sings when asked to) or `always`; absent: none
lyrics          what it does with words: `accepts`, `generates`, `requires`; a list, empty without vocals
duration        `free`, `{fixed: s}` or `{min: s, max: s}`; absent: free
sample_rates    in Hz, for the catalogue: every clip is heard at one rate
languages       BCP 47 tags that it sings in; absent: any
max_prompt_chars    absent: any length
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

Vocals: TypeAlias = Literal["none", "optional", "always"]
Lyrics: TypeAlias = Literal["accepts", "generates", "requires"]

#: A clip is some seconds to some minutes long.
LONGEST_S: Final = 3600.0
_RATES_HZ: Final = (8_000, 192_000)


class SignatureInvalid(ValueError):
    """The signature has an unknown key, a value of the wrong kind, or contradicts itself; the message names it."""


@dataclass(frozen=True, slots=True)
class MusicSignature:
    """A signature, read. `min_s` and `max_s` are equal for a fixed duration and None for a free one."""

    vocals: Vocals = "none"
    lyrics: frozenset[Lyrics] = frozenset()
    min_s: float | None = None
    max_s: float | None = None
    sample_rates_hz: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    max_prompt_chars: int | None = None

    @property
    def takes_lyrics(self) -> bool:
        """Whether it sings words that are given to it."""
        return bool(self.lyrics & {"accepts", "requires"})

    @property
    def needs_lyrics(self) -> bool:
        """Whether it cannot sing without words given to it."""
        return "requires" in self.lyrics or ("accepts" in self.lyrics and "generates" not in self.lyrics)


def read(signature: Mapping[str, Any]) -> MusicSignature:
    """The signature that a systems file gives.

    Raises:
        SignatureInvalid: see there.
    """
    for key in signature:
        if key not in _READERS:
            raise SignatureInvalid(f"signature.{key}: unknown key; known are {', '.join(_READERS)}")
    values: dict[str, Any] = {}
    for key, value in signature.items():
        values |= _READERS[key](value)
    found = MusicSignature(**values)
    if found.lyrics and found.vocals == "none":
        raise SignatureInvalid("signature.lyrics: without vocals nobody sings them")
    if found.vocals != "none" and not found.lyrics:
        raise SignatureInvalid("signature.lyrics: a system with vocals accepts, generates or requires lyrics")
    return found


def _vocals(value: Any) -> dict[str, Any]:
    if value not in get_args(Vocals):
        raise SignatureInvalid(f"signature.vocals: {value!r} is none of {', '.join(get_args(Vocals))}")
    return {"vocals": value}


def _lyrics(value: Any) -> dict[str, Any]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not set(map(str, words)) <= set(get_args(Lyrics)):
        raise SignatureInvalid(f"signature.lyrics: must be a list of {', '.join(get_args(Lyrics))}")
    if {"generates", "requires"} <= set(words):
        raise SignatureInvalid("signature.lyrics: a system that generates lyrics does not require them")
    return {"lyrics": frozenset(words)}


def _seconds(value: Any, where: str) -> float:
    if type(value) not in (int, float) or not 0 < value <= LONGEST_S:
        raise SignatureInvalid(f"signature.duration{where}: must be seconds, above 0 and up to {LONGEST_S:g}")
    return float(value)


def _duration(value: Any) -> dict[str, Any]:
    if value == "free":
        return {}
    keys = set(value) if isinstance(value, dict) else None
    if keys == {"fixed"}:
        fixed = _seconds(value["fixed"], ".fixed")
        return {"min_s": fixed, "max_s": fixed}
    if keys != {"min", "max"}:
        raise SignatureInvalid("signature.duration: must be `free`, {fixed: seconds} or {min: seconds, max: seconds}")
    least, most = (_seconds(value[name], f".{name}") for name in ("min", "max"))
    if least > most:
        raise SignatureInvalid("signature.duration: min is above max")
    return {"min_s": least, "max_s": most}


def _sample_rates(value: Any) -> dict[str, Any]:
    least, most = _RATES_HZ
    if not isinstance(value, list) or not all(type(rate) is int and least <= rate <= most for rate in value):
        raise SignatureInvalid(f"signature.sample_rates: must be a list of whole numbers of Hz, {least} to {most}")
    return {"sample_rates_hz": tuple(value)}


def _languages(value: Any) -> dict[str, Any]:
    if not isinstance(value, list) or not all(isinstance(tag, str) and tag.strip() for tag in value):
        raise SignatureInvalid("signature.languages: must be a list of language tags, such as [en, fr]")
    return {"languages": tuple(tag.lower() for tag in value)}


def _max_prompt_chars(value: Any) -> dict[str, Any]:
    if type(value) is not int or value < 1:
        raise SignatureInvalid("signature.max_prompt_chars: must be a whole number above 0")
    return {"max_prompt_chars": value}


_READERS: Final[Mapping[str, Callable[[Any], dict[str, Any]]]] = {
    "vocals": _vocals,
    "lyrics": _lyrics,
    "duration": _duration,
    "sample_rates": _sample_rates,
    "languages": _languages,
    "max_prompt_chars": _max_prompt_chars,
}
