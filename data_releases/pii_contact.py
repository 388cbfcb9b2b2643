"""How a person can be reached: e-mail, telephone, street address, place on the map, name as introduced. Pure."""

import re
from collections.abc import Callable, Collection
from typing import Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher, PhoneNumberType

_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w](?:[\w-]{0,61}[\w])?\.)+[^\W\d_]{2,24}")

#: Where the languages of the suite are spoken. A national number is valid somewhere here or it is none.
REGIONS: Final = ("US", "GB", "FR", "DE", "ES", "IT", "PT", "NL", "PL", "BE", "CH", "AT", "BR", "MX", "CA")
_PHONE_SHAPE: Final = re.compile(
    r"(?<![\w.,/-])(?:\(?0\d{0,5}\)?|\(\d{2,5}\)|\d{2,4})(?:[ ./-]{1,2}\d{2,9}){1,6}(?![\w]|[.,/-]\d)"
)
_PHONE_WORD: Final = re.compile(
    r"\b(?:phone|call|tel|téléphone|telefon|teléfono|telefono|telefone|telefoon|mobile|mobil|cell|whatsapp|handy|"
    r"móvil|cellulare|telemóvel|komórka|appel\w*|numéro|número|numero|nummer|numer|ring|text me|sms|fax|rufnummer)\b"
    r"\W{0,4}(?:\w+\W{1,3}){0,4}(\+?[\d(][\d ()./-]{6,22}\d)",
    re.IGNORECASE,
)
_MIN_DIGITS: Final = 7
_NOT_A_NUMBER: Final = re.compile(r"\d{4}[-./ ]\d{2}[-./ ]\d{2}.*|\d{1,3}(?:[.,]\d{3})+")
#: FIXED_LINE_OR_MOBILE is left out: it covers whole countries.
_MOBILE: Final = (PhoneNumberType.MOBILE,)

_STREET_WORDS: Final = (
    r"street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|close|terrace|square|way|place|crescent"
)
_BEFORE_NAME: Final = (
    r"rue|avenue|boulevard|chemin|impasse|allée|place|quai|calle|avenida|paseo|plaza|via|viale|piazza|corso|rua|"
    r"travessa|largo|praça|ul\.|ulica|al\.|aleja|plac|os\.|c/"
)
_AFTER_NAME: Final = r"straße|strasse|str\.|weg|platz|allee|gasse|ufer|damm|straat|laan|plein|gracht|kade|singel"
_POSTCODE: Final = (
    r"(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|\d{5}(?:-\d{4})?|\d{4} ?[A-Z]{2}|\d{2}-\d{3}|\d{4}-\d{3}|\d{4})"
)
#: Most texts hold none, and end here.
_MAYBE_POSTCODE: Final = re.compile(r"\d{4}|\d{2}-\d{3}|[A-Z]\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE)
_ADDRESSES: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b\d{{1,5}}[a-z]?\s+(?:[^\W\d_][\w'’.-]*\s+){{1,4}}(?:{_STREET_WORDS})\b.{{0,60}}?\b{_POSTCODE}\b",
        rf"\b\d{{1,5}}\s*(?:bis|ter|[a-d])?,?\s+(?:{_BEFORE_NAME})\s.{{2,60}}?\b{_POSTCODE}\b",
        rf"(?<!\w)(?:{_BEFORE_NAME})\s.{{2,40}}?\d{{1,5}}.{{1,40}}?\b{_POSTCODE}\b",
        # No name before the word: two open-ended parts would take minutes on a long word.
        rf"(?:{_AFTER_NAME})\s*\d{{1,4}}\s?[a-z]?\b.{{0,40}}?\b{_POSTCODE}\b",
    )
)

_DECIMALS: Final = re.compile(
    r"(?<![\d.])([-+]?\d{1,2}\.\d{4,})°?\s*[NS]?\s*[,;/ ]\s*([-+]?\d{1,3}\.\d{4,})(?![\d.])", re.IGNORECASE
)
_DEGREES: Final = re.compile(
    r"\d{1,2}\s?°\s?\d{1,2}\s?[′'’]\s?(?:\d{1,2}(?:[.,]\d+)?\s?[″\"”]|'')?\s?[NS]\W{1,4}\d{1,3}\s?°\s?\d{1,2}\s?[′'’]",
    re.IGNORECASE,
)

_INTRODUCED: Final = re.compile(
    r"\b(?i:my name is|je m['’]appelle|mon nom est|ich hei(?:ß|ss)e|mein name ist|me llamo|mi nombre es|mi chiamo|"
    r"il mio nome è|chamo-me|meu nome é|mijn naam is|ik heet|nazywam się|mam na imię)\s+[A-ZÀ-ÖØ-ÞŁŚŻŹĆ][\w'’-]+"
)


def has_email(text: str) -> bool:
    """An address of the usual form."""
    return "@" in text and _EMAIL.search(text) is not None


def has_phone(text: str) -> bool:
    """An international number, a national one as people group it, or digits that a word calls a number."""
    if sum(map(str.isdigit, text)) < _MIN_DIGITS:
        return False
    return _international(text) or _national(text)


def _international(text: str) -> bool:
    if "+" not in text and "00" not in text:
        return False
    spelled = re.sub(r"(?<![\d.,])00(?=[1-9]\d)", "+", text)
    return "+" in spelled and any(True for _ in PhoneNumberMatcher(spelled, None, Leniency.VALID, 50))


def _national(text: str) -> bool:
    shaped = [found.group() for found in _PHONE_SHAPE.finditer(text)]
    called = (found.group(1) for found in _PHONE_WORD.finditer(text))
    grouped = ((number, _MOBILE if _like_an_amount(number) else None) for number in shaped if _long(number))
    return any(_valid_somewhere(*number) for number in grouped) or any(map(_valid_somewhere, called))


def _long(number: str) -> bool:
    """Not a date, a score or a range of years: nine digits at least."""
    digits = sum(map(str.isdigit, number))
    return 9 <= digits <= 12 and not _NOT_A_NUMBER.fullmatch(number)


def _like_an_amount(number: str) -> bool:
    """Groups of three: 912 345 678 may be a telephone in Lisbon, or a lot of money."""
    return re.fullmatch(r"\d{1,3}(?: \d{3})+", number) is not None


def _valid_somewhere(number: str, kinds: Collection[int] | None = None) -> bool:
    if sum(map(str.isdigit, number)) < _MIN_DIGITS:
        return False
    for region in REGIONS:
        try:
            parsed = phonenumbers.parse(number, region)
        except phonenumbers.NumberParseException:
            continue
        if not phonenumbers.is_valid_number_for_region(parsed, region):
            continue
        if kinds is None or phonenumbers.number_type(parsed) in kinds:
            return True
    return False


def has_street_address(text: str) -> bool:
    """A street with a house number, and a postcode near it."""
    return _MAYBE_POSTCODE.search(text) is not None and any(pattern.search(text) for pattern in _ADDRESSES)


def has_coordinates(text: str) -> bool:
    """A latitude and a longitude, to about ten metres or finer."""
    pairs = ((float(found[1]), float(found[2])) for found in _DECIMALS.finditer(text))
    # Two numbers below ten are mathematics more often than the Gulf of Guinea.
    return any(abs(lat) <= 90 and abs(lon) <= 180 and max(abs(lat), abs(lon)) >= 10 for lat, lon in pairs) or bool(
        _DEGREES.search(text)
    )


def has_introduced_name(text: str) -> bool:
    """A sentence in which somebody says their name."""
    return _INTRODUCED.search(text) is not None


DETECTORS: Final[dict[str, Callable[[str], bool]]] = {
    "email": has_email,
    "phone": has_phone,
    "street_address": has_street_address,
    "coordinates": has_coordinates,
    "introduced_name": has_introduced_name,
}
