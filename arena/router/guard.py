"""Is a prompt acceptable? Its form (length, encoding), then what it asks for (a versioned list of rules). Pure.

The rules are a floor, not a judge: word patterns that name a thing nobody should be helped with, written for precision
first, since a refusal of an honest prompt is seen at once and a missed one still meets the remote moderator (if the
operator named one) and the systems' own refusals. They read English; `arena.router.moderation` adds the rest.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Protocol

MAX_CHARS: Final = 8_000
#: No prompt within MAX_CHARS is larger: a character has at most 4 bytes in UTF-8.
MAX_BYTES: Final = 4 * MAX_CHARS

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# Tab and newline are text; the rest of C0, DEL and C1 is what wrong decoding or a terminal leaves behind.
_CONTROL: Final = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A prompt that is well-formed and not accepted.

    `code` is stable and says why; `message` says it to the visitor (filled in by the services); `rule` names what
    matched, for operators.
    """

    code: str
    message: str = ""
    rule: str = ""


class Moderator(Protocol):
    """Something that reads a prompt and may refuse it."""

    def check(self, text: str) -> Refusal | None:
        """The refusal, or None. Raises GuardUnavailable if it cannot tell."""
        ...


def with_newlines(text: str) -> str:
    """Line ends as one character: a form sends CR LF, a program LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def problem_of(text: str) -> str | None:
    """The code of what is wrong with a prompt's form, or None."""
    if _SURROGATE.search(text) or "\x00" in text:
        return "prompt_encoding"
    if len(text) > MAX_CHARS:
        return "prompt_too_long"
    if _CONTROL.search(text):
        return "prompt_control_characters"
    if not _visible(text):
        return "prompt_empty"
    return None


def _visible(text: str) -> bool:
    """Whether anything but white space and format characters (zero-width and the like) is there."""
    return any(not char.isspace() and unicodedata.category(char) != "Cf" for char in text)
