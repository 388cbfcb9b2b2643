"""What a music prompt needs, and how far a system can give it. Pure.

requirement     `vocals`: whether a voice is wanted; absent: no
                `lyrics`: the words to be sung; only with vocals
                `duration_s`, `tempo_bpm`, `language` (BCP 47, of the words), `genres` (a few key words)
signature       see `arena.systems.music_signature`
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from arena.router.rules import Fit, Need, Offer, RequirementInvalid, is_language_tag

MAX_LYRICS_CHARS: Final = 3_000
MIN_DURATION_S: Final = 5
MAX_DURATION_S: Final = 300
MIN_TEMPO_BPM: Final = 30
MAX_TEMPO_BPM: Final = 300
MAX_GENRES: Final = 8
MAX_GENRE_CHARS: Final = 40


def _is_number_in(value: object, least: float, most: float) -> bool:
    return type(value) in (int, float) and least <= value <= most  # type: ignore[operator]


def _are_genres(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= MAX_GENRES
        and all(isinstance(word, str) and 0 < len(word.strip()) <= MAX_GENRE_CHARS for word in value)
    )


_GOOD: Final[Mapping[str, Callable[[object], bool]]] = {
    "vocals": lambda value: isinstance(value, bool),
    "lyrics": lambda value: isinstance(value, str) and len(value) <= MAX_LYRICS_CHARS,
    "duration_s": lambda value: _is_number_in(value, MIN_DURATION_S, MAX_DURATION_S),
    "tempo_bpm": lambda value: _is_number_in(value, MIN_TEMPO_BPM, MAX_TEMPO_BPM),
    "language": is_language_tag,
    "genres": _are_genres,
}


class MusicRules:
    """Voice, words, length and language."""

    def checked(self, requirement: Mapping[str, Any]) -> dict[str, Any]:
        """The requirement, normalised.

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

    def fit(self, need: Need, offer: Offer) -> Fit:
        """Whether the voice is as wanted."""
        unwanted = "none" if need.requirement.get("vocals") else "always"
        return Fit.UNSUPPORTED if offer.signature.get("vocals", "none") == unwanted else Fit.SUPPORTED
