"""Is a prompt acceptable? Its form (length, encoding), then what it asks for (a versioned list of rules). Pure.

The rules are a floor, not a judge: word patterns that name a thing nobody should be helped with, written for precision
first, since a refusal of an honest prompt is seen at once and a missed one still meets the remote moderator (if the
operator named one) and the systems' own refusals. They read English; `arena.router.moderation` adds the rest.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from arena.router.moderation_rules import BENIGN, RULES, VERSION

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


def is_storable(text: str) -> bool:
    """Whether a database can keep it: without NUL and without lone surrogates."""
    return "\x00" not in text and _SURROGATE.search(text) is None


def problem_of(text: str) -> str | None:
    """The code of what is wrong with a prompt's form, or None."""
    if not is_storable(text):
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


# --- Moderation by rules --------------------------------------------------------------------------------------------

_LEET: Final = str.maketrans("013457@$", "oieastas")
#: A word, or what stands between two spaces, with one of these; tried once from its start.
_LEET_WORD: Final = re.compile(r"(?<![^ ])[^ 013457@$]*+[013457@$][^ ]*")
# Letters of other scripts that are drawn like Latin ones, and apostrophes.
_LOOKALIKES: Final = str.maketrans("аеорсухікмтнвοανειυτρκ\u2019\u2018\u02bc", "aeopcyxikmthboaveiutpk'''")
_SPACED_OUT: Final = re.compile(r"\b(?![ai] )(?:\w[ .*_-]){3,}\w\b")
_SEPARATORS: Final = re.compile(r"[ .*_-]")
_BETWEEN_WORDS: Final = re.compile(r"[^\S\n]+")
_SENTENCE_END: Final = re.compile(r"[.!?;](?=\s|$)|\n\s*\n")


def readings(text: str) -> tuple[str, str]:
    """How a text may be meant to be read: as it stands, and with digits as letters ("b0mb", "b o m b").

    Both are NFKC, without format characters (zero-width) and accents, in lower case, look-alike letters made Latin.
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    unseen = [char for char in set(text) if unicodedata.category(char) in ("Cf", "Mn")]
    text = _BETWEEN_WORDS.sub(" ", text.translate(_LOOKALIKES | dict.fromkeys(map(ord, unseen))))
    joined = _SPACED_OUT.sub(lambda match: _SEPARATORS.sub("", match[0]), text)
    return text, _LEET_WORD.sub(_in_letters, joined)


def _in_letters(match: re.Match[str]) -> str:
    word = match[0]
    return word.translate(_LEET) if any(map(str.isalpha, word)) else word


def _sentences(text: str) -> Iterator[str]:
    """Each once, without what is known to be benign."""
    found = dict.fromkeys(sentence for reading in readings(text) for sentence in _SENTENCE_END.split(reading))
    for sentence in found:
        if sentence.strip():
            yield BENIGN.sub(" ", sentence.replace("\n", " "))


class RuleModerator:
    """The built-in moderator: the first rule that a sentence breaks refuses the prompt. Never unavailable."""

    def check(self, text: str) -> Refusal | None:
        """The refusal, or None."""
        for sentence in _sentences(text):
            for rule in RULES:
                if rule.is_broken_by(sentence):
                    return Refusal(rule.code, rule=f"{rule.id}@{VERSION}")
        return None
