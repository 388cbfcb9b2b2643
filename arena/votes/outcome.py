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
REASONS: Final = frozenset(POSITIVE_REASONS + NEGATIVE_REASONS)
FEEDBACK_MAX_CHARS: Final = 2000

_MIRRORED: Final = {Outcome.LEFT: Outcome.RIGHT, Outcome.RIGHT: Outcome.LEFT}


def mirrored(outcome: Outcome) -> Outcome:
    """The outcome as seen with the sides swapped."""
    return _MIRRORED.get(outcome, outcome)
