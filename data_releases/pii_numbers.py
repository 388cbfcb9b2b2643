"""Numbers that name a person or an account, each with its check digits. Pure; the checks are python-stdnum's."""

import re
from collections.abc import Callable
from typing import Any, Final

from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.us import ssn

_DIGIT: Final = re.compile(r"\d")
_IBAN: Final = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![A-Z0-9])")
_CARD: Final = re.compile(r"(?<![\d.-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\d.]\d|-\d|\d)")


def has_iban(text: str) -> bool:
    """An account number whose check digits are right; also where a word stands right behind it."""
    return any(_any_prefix(found.group().upper()) for found in _IBAN.finditer(text.upper()))


def _any_prefix(candidate: str) -> bool:
    parts = re.split(r"[ -]", candidate)
    # Only the check digits: a country's own rule for its banks' codes would let a slip of one digit through.
    return any(iban.is_valid("".join(parts[:length]), check_country=False) for length in range(1, len(parts) + 1))


def has_card(text: str) -> bool:
    """A payment card by length, leading digit and Luhn's check."""
    numbers = (re.sub(r"[ -]", "", found.group()) for found in _CARD.finditer(text))
    return any(13 <= len(number) <= 19 and len(set(number)) > 1 and luhn.is_valid(number) for number in numbers)


def _spelled(pattern: str, module: Any) -> Callable[[str], bool]:
    """Numbers that are recognised by their own form."""
    shape = re.compile(rf"(?<![\w.-])(?:{pattern})(?![\w-]|\.\d)", re.IGNORECASE)
    return lambda text: any(module.is_valid(found.group()) for found in shape.finditer(text))


def _called(words: str, pattern: str, module: Any) -> Callable[[str], bool]:
    """Plain digits that pass a check by chance in one of eleven: only where a word near them says what they are."""
    shape = re.compile(rf"\b(?:{words})\b\D{{0,40}}?({pattern})(?!\d)", re.IGNORECASE)
    return lambda text: any(module.is_valid(found.group(1)) for found in shape.finditer(text))


_NATIONAL: Final = (
    _spelled(r"\d{3}[- ]\d{2}[- ]\d{4}", ssn),
    _called("ssn|social security", r"\d{9}", ssn),
    _spelled(r"[12]\s?\d{2}\s?(?:0[1-9]|1[0-2]|[2-9]\d)\s?(?:\d{2}|2[ab])\s?\d{3}\s?\d{3}\s?\d{2}", nir),
    _spelled(r"\d{8}[- ]?[a-z]", dni),
    _spelled(r"[xyz][- ]?\d{7}[- ]?[a-z]", nie),
    _spelled(r"[a-z]{6}\d{2}[a-ehlmprst]\d{2}[a-z]\d{3}[a-z]", codicefiscale),
    _spelled(r"\d{3}\.\d{3}\.\d{3}-\d{2}", cpf),
    _called("steuer\\w*|identifikationsnummer|idnr|steuer-id|tax id", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", idnr),
    _called("nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}", nhs),
    _called("bsn|burgerservicenummer|sofi\\w*", r"\d{4}[. ]?\d{2}[. ]?\d{3}|\d{9}", bsn),
    _called("nif|contribuinte|fiscal", r"\d{3} ?\d{3} ?\d{3}", nif),
    _called("pesel", r"\d{11}", pesel),
)
#: British national insurance numbers have no check digit; the letters are restricted.
_NINO: Final = re.compile(
    r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"
)


def has_national_id(text: str) -> bool:
    """A number by which a state knows a person."""
    return _NINO.search(text) is not None or any(detect(text) for detect in _NATIONAL)


def _with_digits(detect: Callable[[str], bool]) -> Callable[[str], bool]:
    """No digit, no number: most texts end here."""
    return lambda text: _DIGIT.search(text) is not None and detect(text)


DETECTORS: Final[dict[str, Callable[[str], bool]]] = {
    "iban": _with_digits(has_iban),
    "card": _with_digits(has_card),
    "national_id": _with_digits(has_national_id),
}
