"""A synthetic suite for the filter of personal data: texts in eight languages, each with one planted item or none.

Items are made from seeds, valid by their check digits, in the forms in which people write them, disguises included.
Half of the texts have none, and hold what is easily mistaken: versions, dates, prices, ISBNs, code, measurements.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat
from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.es import dni
from stdnum.fr import nir
from stdnum.it import codicefiscale

LANGUAGES = ("en", "fr", "de", "es", "it", "pt", "nl", "pl")
REGIONS = {"en": "GB", "fr": "FR", "de": "DE", "es": "ES", "it": "IT", "pt": "PT", "nl": "NL", "pl": "PL"}

CARRIERS = {
    "en": (
        "Please rewrite this mail: you can reach me under {} from Monday on.",
        "Summarise: {} was in the letter.",
        "{}\nTranslate the line above.",
    ),
    "fr": (
        "Réécris ce message : vous pouvez utiliser {} dès lundi.",
        "Résume : {} figurait dans la lettre.",
        "{}\nTraduis la ligne ci-dessus.",
    ),
    "de": (
        "Formuliere neu: Sie erreichen mich unter {} ab Montag.",
        "Fasse zusammen: {} stand im Brief.",
        "{}\nÜbersetze die Zeile darüber.",
    ),
    "es": (
        "Reescribe esto: puede usar {} desde el lunes.",
        "Resume: {} estaba en la carta.",
        "{}\nTraduce la línea anterior.",
    ),
    "it": (
        "Riscrivi questo: può usare {} da lunedì.",
        "Riassumi: {} era nella lettera.",
        "{}\nTraduci la riga sopra.",
    ),
    "pt": (
        "Reescreva isto: pode usar {} a partir de segunda.",
        "Resuma: {} estava na carta.",
        "{}\nTraduza a linha acima.",
    ),
    "nl": (
        "Herschrijf dit: u kunt {} gebruiken vanaf maandag.",
        "Vat samen: {} stond in de brief.",
        "{}\nVertaal de regel hierboven.",
    ),
    "pl": (
        "Przeredaguj to: można użyć {} od poniedziałku.",
        "Podsumuj: {} było w liście.",
        "{}\nPrzetłumacz powyższy wiersz.",
    ),
}
STREETS = {
    "en": ("{n} Station Road, Bristol BS1 {d}QF", "{n} Mill Lane, Leeds LS{d} 4AB"),
    "fr": ("{n} rue des Lilas, 69003 Lyon", "{n} bis, avenue Jean Jaurès, 31000 Toulouse"),
    "de": ("Lindenstraße {n}, 50674 Köln", "Am Alten Weg {n}, 80331 München"),
    "es": ("Calle Mayor {n}, 28013 Madrid", "Avenida del Puerto, {n}, 46021 Valencia"),
    "it": ("Via Garibaldi {n}, 20121 Milano", "Piazza del Popolo, {n}, 00187 Roma"),
    "pt": ("Rua das Flores {n}, 4050-265 Porto", "Travessa do Carmo, {n}, 1200-095 Lisboa"),
    "nl": ("Dorpsstraat {n}, 3511 AB Utrecht", "Keizersgracht {n}, 1015 CJ Amsterdam"),
    "pl": ("ul. Długa {n}, 00-238 Warszawa", "al. Jana Pawła {n}, 31-864 Kraków"),
}
INTRODUCTIONS = {
    "en": "my name is {}", "fr": "je m'appelle {}", "de": "ich heiße {}", "es": "me llamo {}",
    "it": "mi chiamo {}", "pt": "meu nome é {}", "nl": "mijn naam is {}", "pl": "nazywam się {}",
}  # fmt: skip
NAMES = ("Anna", "Łukasz", "Zoë", "José", "Jürgen", "Francesca", "Inês", "O'Neil")
NEGATIVES = (
    "version 1.{a}.{b}.{c}", "ISBN 978-3-16-148410-0", "{y}-1{d}-0{e}", "{a} 000 000 euros", "1,{hundreds},{hundreds}",
    "SELECT * FROM t WHERE id = {hundreds}{hundreds}", "f(x) = 3.14159 * x + {a}.71828", "a ratio of {a}:{b}:{c}",
    "order no. {hundreds}{hundreds}", "{a}.{d} kg, {b}.{e} m", "chapter {a}.{d}.{e}", "@property\ndef value(self): ...",
    "#{hundreds}{d}{e}f", "std::vector<int>::iterator", "the {y}/{yy} season", "room {hundreds}", "{a}% of {hundreds}",
    "print('hello' + str({hundreds}))", "Psalm {a}:{d}-{e}", "Windows 10, build {hundreds}", "E = mc^2 with c = 299 792 458",
    "pi is 3.14159265358979", "H2SO4 and C6H12O6", "http://localhost:8000/docs", "127.0.0.1", "at the end of the road",
    "the dot product of two vectors", "row {a}: {b}, {c}, {d}, {e}", "10!/(3! * 7!) = 120", "score {d}-{e}",
    "a password should have 12 characters", "the key to success", "matrix [[{a}, {b}], [{c}, {d}]]", "ACGTTGCA{d}",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """One text. kind: what is planted, or None."""

    language: str
    kind: str | None
    text: str


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _token(rng: random.Random, count: int) -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "".join(rng.choice(alphabet) for _ in range(count))


def _email(rng: random.Random, language: str) -> str:
    name = rng.choice(("anna.k", "j_smith", "lukasz", "m-dubois", "x.y.z+news", "info99"))
    host, ending = rng.choice(("example", "mail-host", "uni.campus")), rng.choice(("org", "com", "fr", "de", "co.uk"))
    form = rng.choice(
        ("{}@{}.{}",) * 4 + ("{} [at] {} [dot] {}", "{}(at){}.{}", "{} at {} dot {}", "{}@\u200b{}.{}", "{}＠{}.{}")
    )
    return form.format(name, host, ending)


def _phone(rng: random.Random, language: str) -> str:
    region = REGIONS[language]
    model = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    while True:
        national = str(model.national_number)
        changed = phonenumbers.PhoneNumber(model.country_code, int(national[:-6] + str(rng.randrange(10**6)).zfill(6)))
        if phonenumbers.is_valid_number(changed):
            break
    form = rng.choice((PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL))
    return phonenumbers.format_number(changed, form)


def _iban(rng: random.Random, language: str) -> str:
    lengths = {
        "en": ("GB", 18),
        "fr": ("FR", 23),
        "de": ("DE", 18),
        "es": ("ES", 20),
        "it": ("IT", 23),
        "pt": ("PT", 21),
        "nl": ("NL", 14),
        "pl": ("PL", 24),
    }
    country, length = lengths[language]
    letters = {"GB": "WEST", "NL": "ABNA"}.get(country, "")
    while True:
        body = letters + _digits(rng, length - len(letters))
        if country == "IT":
            body = "X" + body[1:]
        number = country + iban.calc_check_digits(f"{country}00{body}") + body
        if iban.is_valid(number, check_country=False):
            break
    return iban.format(number) if rng.random() < 0.6 else number


def _valid(rng: random.Random, make: Callable[[], str], check: Callable[[str], bool]) -> str:
    return next(number for number in iter(make, None) if check(number))


def _card(rng: random.Random, language: str) -> str:
    body = rng.choice(("4", "51", "55", "2720", "6011")) + _digits(rng, 14)
    number = body[:15] + luhn.calc_check_digit(body[:15])
    mark = rng.choice(("", " ", "-"))
    return mark.join(number[at : at + 4] for at in range(0, 16, 4))


def _national_id(rng: random.Random, language: str) -> str:
    return {
        "en": lambda: f"AB {_digits(rng, 2)} {_digits(rng, 2)} {_digits(rng, 2)} C",
        "fr": lambda: _valid(rng, lambda: f"1 85 0{rng.randint(1, 9)} 75 {_digits(rng, 3)} {_digits(rng, 3)} {_digits(rng, 2)}", nir.is_valid),
        "de": lambda: "Steuer-ID: " + rng.choice(("36 574 261 809", "65929970489")),
        "es": lambda: _valid(rng, lambda: _digits(rng, 8) + rng.choice("TRWAGMYFPDXBNJZSQVHLCKE"), dni.is_valid),
        "it": lambda: _valid(rng, lambda: f"RCCMNL83S18D969{rng.choice('ABCDEFGHIJKLMNOPQRSTUVWXYZ')}", codicefiscale.is_valid),
        "pt": lambda: _valid(rng, lambda: f"{_digits(rng, 3)}.{_digits(rng, 3)}.{_digits(rng, 3)}-{_digits(rng, 2)}", cpf.is_valid),
        "nl": lambda: "BSN " + rng.choice(("1112.22.333", "111222333")),
        "pl": lambda: "PESEL: " + rng.choice(("44051401359", "02070803628")),
    }[language]()  # fmt: skip


def _secret(rng: random.Random, language: str) -> str:
    return rng.choice((f"sk-proj-{_token(rng, 32)}", f"ghp_{_token(rng, 36)}", f"AKIA{_token(rng, 16).upper()}", f"hf_{_token(rng, 34)}", f"api_key = '{_token(rng, 20)}7a'", f"Authorization: Bearer {_token(rng, 40)}"))  # fmt: skip


MAKERS: dict[str, Callable[[random.Random, str], str]] = {
    "email": _email,
    "phone": _phone,
    "iban": _iban,
    "card": _card,
    "national_id": _national_id,
    "secret": _secret,
    "ip": lambda rng, language: rng.choice((".".join(str(rng.randint(1, 254)) for _ in range(4)), f"2001:db8:{_digits(rng, 4)}::{_digits(rng, 3)}:1")),
    "mac": lambda rng, language: rng.choice(":-").join(f"{rng.randrange(256):02X}" for _ in range(6)),
    "url_credentials": lambda rng, language: rng.choice((f"https://bob:{_token(rng, 10)}@intranet.example.org/", f"https://x.example.org/a?token={_token(rng, 24)}")),
    "coordinates": lambda rng, language: rng.choice((f"{rng.uniform(36, 60):.5f}, {rng.uniform(10, 30):.5f}", f"48°{rng.randint(10, 59)}'{rng.randint(10, 59)}\"N 2°{rng.randint(10, 59)}'12\"E")),
    "street_address": lambda rng, language: rng.choice(STREETS[language]).format(n=rng.randint(1, 199), d=rng.randint(1, 9)),
    "cookie": lambda rng, language: f"sessionid={_token(rng, 32)}",
    "user_agent": lambda rng, language: f"Mozilla/5.0 (X11; Linux x86_64; rv:{rng.randint(90, 140)}.0) Gecko/20100101",
    "exact_time": lambda rng, language: f"2026-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}T0{rng.randint(0, 9)}:12:33.{_digits(rng, 6)}Z",
    "introduced_name": lambda rng, language: INTRODUCTIONS[language].format(rng.choice(NAMES)),
}  # fmt: skip
STRUCTURED = tuple(kind for kind in MAKERS if kind != "introduced_name")


def _negative(rng: random.Random) -> str:
    values = {name: rng.randint(1, 9) for name in "abcde"}
    return rng.choice(NEGATIVES).format(
        **values, y=rng.randint(1990, 2030), yy=rng.randint(10, 30), hundreds=rng.randint(100, 999)
    )


def samples(per_kind: int = 10, seed: int = 1) -> Iterator[Sample]:
    """`per_kind` texts of every kind in every language, and as many without anything."""
    rng = random.Random(seed)
    for language in LANGUAGES:
        for kind, make in MAKERS.items():
            for _ in range(per_kind):
                yield Sample(language, kind, rng.choice(CARRIERS[language]).format(make(rng, language)))
                yield Sample(language, None, rng.choice(CARRIERS[language]).format(_negative(rng)))
