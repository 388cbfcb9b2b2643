"""From lines of text to syllables that can be sung. Pure; a rough reading of English and French spelling."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"[a-z]+(?:'[a-z]+)?")
_PIECES: Final = re.compile(r"([^aeiouy]*)([aeiouy]+)")
_SECTION: Final = re.compile(r"^\s*\[[^\]]*\]\s*$")
#: Longest first: which vowels a group of letters stands for (from, to).
_VOWELS: Final = {
    "eau": "oo", "ou": "uu", "oo": "uu", "ee": "ii", "ea": "ii", "ie": "ii", "ai": "ei", "ay": "ei", "ei": "ei",
    "oa": "ou", "au": "oo", "oi": "ua", "oy": "oi", "eu": "@@", "ue": "uu", "a": "aa", "e": "ee", "i": "ii",
    "o": "oo", "u": "@@", "y": "ii",
}  # fmt: skip
_SILENT_END: Final = re.compile(r"(?<=[aeiouy])([^aeiouy]+)es?$")


@dataclass(frozen=True, slots=True)
class Syllable:
    """One sung syllable: consonants before, vowel at its beginning and at its end, consonants after."""

    onset: str
    vowel: str
    glide: str
    coda: str


def lines_of(lyrics: str) -> list[list[Syllable]]:
    """The syllables of each line that holds words; headings such as `[verse]` are not sung."""
    sung = [line for line in lyrics.splitlines() if not _SECTION.match(line)]
    found = ([syllable for word in _plain_words(line) for syllable in syllables(word)] for line in sung)
    return [line for line in found if line]


def _plain_words(line: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", line.lower().replace("œ", "oe").replace("’", "'"))
    return _WORD.findall("".join(char for char in folded if not unicodedata.combining(char)))


def syllables(word: str) -> list[Syllable]:
    """At least one syllable for any word; a word without vowels is sung on a neutral one."""
    word = _SILENT_END.sub(r"\1", word) if len(word) > 3 else word
    pieces = list(_PIECES.finditer(word))
    if not pieces:
        return [Syllable(word, "@", "@", "")]
    rest = word[pieces[-1].end() :]
    found = []
    for number, piece in enumerate(pieces, 1):
        vowels = next((_VOWELS[piece[2][:n]] for n in (3, 2, 1) if piece[2][:n] in _VOWELS), "@@")
        found.append(Syllable(piece[1], vowels[0], vowels[1], rest if number == len(pieces) else ""))
    return found
