"""What a vote can say. Pure."""

from enum import Enum
from typing import Final


class Outcome(Enum):
    """The four outcomes of a vote."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both_bad"


#: Reason tags a voter may give for a side: stable codes that the pages translate.
POSITIVE_REASONS: Final = ("useful", "complete", "correct", "creative", "clear", "follows_instructions")
NEGATIVE_REASONS: Final = (
    "incorrect",
    "superficial",
    "unclear",
    "ignored_instructions",
    "unsafe",
    "bad_format",
)
MUSIC_POSITIVE_REASONS: Final = ("composition", "sound_quality", "prompt_adherence", "vocals_lyrics")
MUSIC_NEGATIVE_REASONS: Final = (
    "weak_composition",
    "poor_sound",
    "artefacts",
    "ignores_prompt",
    "poor_vocals",
)
#: Modality → its reasons, the good ones and the bad ones.
REASONS_OF: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "text": (POSITIVE_REASONS, NEGATIVE_REASONS),
    "music": (MUSIC_POSITIVE_REASONS, MUSIC_NEGATIVE_REASONS),
}
REASONS: Final = frozenset(code for groups in REASONS_OF.values() for codes in groups for code in codes)
FEEDBACK_MAX_CHARS: Final = 2000

_MIRRORED: Final = {Outcome.LEFT: Outcome.RIGHT, Outcome.RIGHT: Outcome.LEFT}


def mirrored(outcome: Outcome) -> Outcome:
    """The outcome as seen with the sides swapped."""
    return _MIRRORED.get(outcome, outcome)
