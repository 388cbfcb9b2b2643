"""Personal data in texts: patterns that are validated, so that a number is not taken for a card. Local and pure.

`findings(text)` names the kinds found. The text is looked at twice: as it is, and normalised (compatibility forms,
no zero-width characters, look-alike letters and spelled-out "at" and "dot" resolved), because people hide addresses
from machines. What is found is never returned or logged, only its kind.

Names of persons are found where a sentence introduces them ("my name is …"), and not otherwise: that needs a
recogniser of named entities. The data card says so.

    PiiError
    └── Unreadable      the text could not be looked at; whoever asks must withhold it
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

from data_releases import pii_contact, pii_numbers, pii_secrets

#: Grows when the same text would give other findings; stored with each release.
RULES_VERSION: Final = "2026-11-25"
#: Longer texts are withheld unread: no pattern below is meant for them.
MAX_CHARS: Final = 200_000

Detector = Callable[[str], bool]

DETECTORS: Final[dict[str, Detector]] = {
    **pii_contact.DETECTORS,
    **pii_numbers.DETECTORS,
    **pii_secrets.DETECTORS,
}
KINDS: Final = tuple(DETECTORS)


class PiiError(Exception):
    """The filter cannot do its work."""


class Unreadable(PiiError):
    """The text could not be looked at."""


_INVISIBLE: Final = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF, 0x00AD])
_LOOKALIKES: Final = str.maketrans(
    "АВЕКМНОРСТУХаеорсухіјѕԁɡΑΒΕΖΗΙΚΜΝΟΡΤΥΧ‐‑‒–—−․。",  # noqa: RUF001 - the look-alikes themselves
    "ABEKMHOPCTYXaeopcyxijsdgABEZHIKMNOPTYX------..",
)
_DOT_WORDS: Final = "dot|point|punkt|punto|ponto|punt|kropka"
_AT: Final = re.compile(
    rf"\s*[\[({{<]\s*(?:at|arroba|chez|ät)\s*[\])}}>]\s*|\s+(?:at|AT|arroba)\s+(?=[\w.-]+\s*(?:[\[({{<]|\b(?:{_DOT_WORDS})\b))"
)
_DOT: Final = re.compile(
    rf"\s*[\[({{<]\s*(?:{_DOT_WORDS})\s*[\])}}>]\s*|(?<=\w)\s+(?:DOT|{_DOT_WORDS})\s+(?=[a-z]{{2,}})"
)


def normalised(text: str) -> str:
    """The text as a reader sees it, with the usual disguises taken off."""
    plain = unicodedata.normalize("NFKC", text).translate(_INVISIBLE).translate(_LOOKALIKES)
    return _DOT.sub(".", _AT.sub("@", plain))


def findings(text: str) -> tuple[str, ...]:
    """The kinds of personal data in a text, in the order of `KINDS`; empty where nothing was found.

    Raises:
        Unreadable: the text is too long, or a detector failed on it.
    """
    if len(text) > MAX_CHARS:
        raise Unreadable(f"{len(text)} characters")
    try:
        seen = {kind for view in _views(text) for kind, detect in DETECTORS.items() if detect(view)}
    except (ValueError, ArithmeticError, LookupError, RecursionError) as error:
        raise Unreadable(type(error).__name__) from error
    return tuple(kind for kind in KINDS if kind in seen)


def _views(text: str) -> Iterator[str]:
    yield text
    plain = normalised(text)
    if plain != text:
        yield plain
