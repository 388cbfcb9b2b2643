"""What a music prompt needs, and how far a system can give it. Pure.

asked for       `vocals`: whether a voice is wanted
                `lyrics`: the words to be sung; only with vocals
                `duration_s`, `tempo_bpm`, `language` (BCP 47, of the words), `genres` (a few key words)
stored          all of these that are known, and `asked`: what somebody asked for; the rest was read from the prompt.
                `lyrics_by`: `visitor` or `arena` (written once, for both sides)
signature       see `arena.systems.music_signature`
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from arena.router.guard import is_storable
from arena.router.lengths import DEFAULT_S, stepped_s
from arena.router.music import (
    MAX_DURATION_S,
    MAX_GENRES,
    MAX_LYRICS_CHARS,
    MAX_TEMPO_BPM,
    MIN_DURATION_S,
    MIN_TEMPO_BPM,
    read_prompt,
)
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
from arena.systems import music_signature
from arena.systems.music_signature import MusicSignature

MAX_GENRE_CHARS: Final = 40
#: A fixed length is what was asked for if it is this near.
_NEAR: Final = 0.1


def _is_number_in(value: object, least: float, most: float) -> bool:
    return type(value) in (int, float) and least <= value <= most  # type: ignore[operator]


def _are_genres(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MAX_GENRES and all(map(_is_genre, value))


def _is_genre(word: object) -> bool:
    return isinstance(word, str) and 0 < len(word.strip()) <= MAX_GENRE_CHARS and is_storable(word)


def _are_lyrics(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_LYRICS_CHARS and is_storable(value)


_GOOD: Final[Mapping[str, Callable[[object], bool]]] = {
    "vocals": lambda value: isinstance(value, bool),
    "lyrics": _are_lyrics,
    "duration_s": lambda value: _is_number_in(value, MIN_DURATION_S, MAX_DURATION_S),
    "tempo_bpm": lambda value: _is_number_in(value, MIN_TEMPO_BPM, MAX_TEMPO_BPM),
    "language": is_language_tag,
    "genres": _are_genres,
}
#: Of what is stored, what is no word of anybody.
_PUBLISHED: Final = ("vocals", "duration_s", "tempo_bpm", "language")
_OF_VOCALS: Final = ("lyrics", "language")


class MusicRules:
    """Voice, words, language, length and the length of the prompt itself."""

    meets_in_part = False

    def checked(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """What is asked for, normalised.

        Raises:
            RequirementInvalid: an unknown key, a value of the wrong kind, or words for nobody to sing.
        """
        for key, value in requirement.items():
            if key not in _GOOD:
                raise RequirementInvalid(f"unknown key {key!r}")
            if not _GOOD[key](value):
                raise RequirementInvalid(f"{key}: {str(value)[:80]!r}")
        if requirement.get("lyrics") and requirement.get("vocals") is False:
            raise RequirementInvalid("lyrics: without vocals nobody sings them")
        return dict(requirement)

    def understood(self, prompt: str, wish: Mapping[str, Any], reader: Reader = nothing_more) -> dict[str, Any]:
        """What was asked for, completed from the prompt's words; without a word about a voice, there is none.

        What the words say for certain outweighs the reader. The length is one that clips have.
        """
        read = {**reader(prompt), **read_prompt(prompt).as_requirement()}
        if not read.get("vocals"):
            read.pop("language", None)
        found: dict[str, Any] = {"vocals": False, "duration_s": DEFAULT_S, **read, **wish}
        found["duration_s"] = stepped_s(found["duration_s"])
        if wish.get("lyrics") and "vocals" not in wish:
            found["vocals"] = True
        if not found["vocals"]:
            found = {key: value for key, value in found.items() if key not in _OF_VOCALS}
        elif not found.get("lyrics"):
            found.pop("lyrics", None)
        else:
            found["lyrics_by"] = "visitor"
        return {**found, "asked": dict(wish)}

    def asked(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """What somebody asked for, without what was read and written since."""
        return dict(requirement.get("asked", {}))

    def published(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """Voice, length, tempo and language; lyrics and genres are somebody's words. Raises RequirementInvalid."""
        return self.checked({key: requirement[key] for key in _PUBLISHED if key in requirement})

    def shortfalls(self, need: Need, offer: Offer) -> dict[str, Fit]:
        """What the system cannot do wholly: `signature`, `vocals`, `lyrics`, `language`, `duration`, `prompt`."""
        try:
            signature = music_signature.read(offer.signature)
        except music_signature.SignatureInvalid:
            return {"signature": Fit.UNSUPPORTED}
        vocals = bool(need.requirement.get("vocals"))
        fits = {
            "vocals": _vocals(vocals, signature),
            "duration": _duration(need.requirement.get("duration_s"), signature),
            "prompt": _prompt(need.prompt_chars, signature),
        }
        if vocals:
            fits["lyrics"] = _lyrics(need.requirement, signature)
            fits["language"] = language_fit(need.requirement.get("language"), signature.languages)
        return {aspect: fit for aspect, fit in fits.items() if fit is not Fit.SUPPORTED}


def _vocals(wanted: bool, signature: MusicSignature) -> Fit:
    return Fit.UNSUPPORTED if signature.vocals == ("none" if wanted else "always") else Fit.SUPPORTED


def _lyrics(requirement: Mapping[str, Any], signature: MusicSignature) -> Fit:
    """Words that somebody gave must be sung. Words that are missing are written, for whoever takes them."""
    given = requirement.get("lyrics") and requirement.get("lyrics_by") != "arena"
    return Fit.PARTIAL if given and not signature.takes_lyrics else Fit.SUPPORTED


def _duration(wanted_s: float | None, signature: MusicSignature) -> Fit:
    """A clip is cut down to a length of the ladder, and one that is a little too short is heard; half of it is not."""
    if wanted_s is None or signature.min_s is None or signature.max_s is None:
        return Fit.SUPPORTED
    if stepped_s(signature.min_s) * (1 - _NEAR) <= wanted_s <= signature.max_s * (1 + _NEAR):
        return Fit.SUPPORTED
    return Fit.UNSUPPORTED if signature.max_s < wanted_s / 2 else Fit.PARTIAL


def _prompt(chars: int, signature: MusicSignature) -> Fit:
    too_long = signature.max_prompt_chars is not None and chars > signature.max_prompt_chars
    return Fit.UNSUPPORTED if too_long else Fit.SUPPORTED
