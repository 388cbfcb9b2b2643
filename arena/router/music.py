"""What a music prompt asks for, read from its words alone: total, deterministic, and quick on any text. Pure.

The reading is cautious: what is ambiguous stays unsaid ("a song about summer" wants no voice for sure), and lyrics are
only what stands in quotation marks beside a word for singing, below a `[verse]`, or behind "lyrics:". English first,
with the French, German and Spanish words that people use in such prompts.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from arena.router.lengths import LEAST_S

#: A reading takes a moment however the prompt is made: more than this is not read.
_READ_CHARS: Final = 8_000
MAX_LYRICS_CHARS: Final = 3_000
MIN_DURATION_S: Final = LEAST_S
#: The longest wish that is taken for one; it is answered with `MOST_S` at most.
MAX_DURATION_S: Final = 300.0
MIN_TEMPO_BPM: Final = 30.0
MAX_TEMPO_BPM: Final = 300.0
MAX_GENRES: Final = 8

_I: Final = re.IGNORECASE


@dataclass(frozen=True, slots=True)
class Reading:
    """What a prompt says; None or empty where it says nothing."""

    vocals: bool | None = None
    lyrics: str = ""
    duration_s: float | None = None
    tempo_bpm: float | None = None
    language: str | None = None
    genres: list[str] = field(default_factory=list)

    def as_requirement(self) -> dict[str, Any]:
        """What is said, in the keys of a requirement."""
        said = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in said.items() if value not in (None, "", [])}


def read_prompt(prompt: str) -> Reading:
    """Read a prompt. Never raises."""
    text = prompt[:_READ_CHARS]
    lyrics, rest = _lyrics(text)
    instrumental = bool(_NO_VOCALS.search(rest))
    vocals = False if instrumental else True if lyrics or _VOCALS.search(_FALSE_FRIENDS.sub(" ", rest)) else None
    return Reading(
        vocals=vocals,
        lyrics="" if instrumental else lyrics,
        duration_s=_duration(rest),
        tempo_bpm=_tempo(rest),
        language=_language(rest) if vocals else None,
        genres=genres_in(rest),
    )


# --- Voice ---------------------------------------------------------------------------------------------------------

_NO_VOCALS: Final = re.compile(
    r"\binstrumentale?s?\b|\binstrumentals?\b"
    r"|\b(?:no|without|minus|zero|sans|pas de|ohne|keine?|sin)\s+(?:any\s+|aucune?\s+)?"
    r"(?:vocals?|lyrics?|singing|singers?|voices?|words|voix|paroles?|chant|gesang|stimmen?|voz|voces|letra)\b"
    r"|\b(?:lyrics?|vocals?|voice)[- ]?(?:free|less)\b|\bwordless\b|\bdon'?t sing\b|\bnobody sings\b",
    _I,
)
_VOCALS: Final = re.compile(
    r"\bvocals?\b|\bvocalists?\b|\bsing(?:s|ing|er|ers|along)?\b|\bsung\b|\blyrics?\b|\bvoices?\b|\bchoirs?\b|\bchoral\b"
    r"|\ba ?cappella\b|\brapp?(?:ing|er|ed|s)\b|\brap (?:song|verse|about)\b|\bduets?\b|\bcrooner\b|\bbeatbox\w*\b"
    r"|\b(?:soprano|tenor|baritone|mezzo)\b|\b(?:sea )?shant(?:y|ies)\b|\bgospel\b|\baria\b|\byodel\w*\b"
    r"|\bvoix\b|\bchant(?:ée?s?|eurs?|euses?|er|ant)\b|\bparoles\b|\bchœurs?\b|\bchoeurs?\b|\bchorale\b"
    r"|\bgesang\b|\bgesungen\b|\bsänger(?:in)?\b|\bchor\b|\bstimme\b|\bcantad[ao]s?\b|\bcantante\b|\bvoz\b|\bcoro\b",
    _I,
)
#: Words of singing that name something else.
_FALSE_FRIENDS: Final = re.compile(
    r"\b(?:singing (?:bowls?|birds?)|bird ?singing|voice ?over|voice (?:memo|assistant)|tenor sax\w*|baritone sax\w*"
    r"|soprano sax\w*|soprano recorder|voicings?|choir pads?|inner voices?)\b",
    _I,
)

# --- Lyrics --------------------------------------------------------------------------------------------------------

_SECTION: Final = re.compile(
    r"^[ \t]*\[(?:verse|chorus|bridge|intro|outro|hook|pre-?chorus|refrain|couplet|strophe|pont|estribillo)\b"
    r"[^\]\n]{0,40}\]",
    _I | re.MULTILINE,
)
_LABEL: Final = re.compile(r"\b(?:lyrics|paroles|liedtext|letra)[ \t]*:[ \t]*\n?", _I)
_QUOTED: Final = re.compile('"([^"]{1,3000})"|“([^”]{1,3000})”|«([^»]{1,3000})»|„([^“]{1,3000})“')
_SINGING: Final = re.compile(
    r"\b(?:lyrics?|words|sing(?:s|ing)?|sung|chorus|refrain|verse|hook|rap(?:s|ping)?|vocals?|paroles|chant\w*|text|gesang|"
    r"letra|cant\w+)\b",
    _I,
)
_FEW_WORDS: Final = 3
_BEFORE_CHARS: Final = 60


def _lyrics(text: str) -> tuple[str, str]:
    """The lyrics that a prompt gives, and the prompt without them."""
    marked = _SECTION.search(text) or _LABEL.search(text)
    if marked:
        start = marked.start() if marked.re is _SECTION else marked.end()
        given = _unquoted(text[start:].strip())
        if given:
            return given[:MAX_LYRICS_CHARS], text[: marked.start()] + " lyrics "
    for quote in _QUOTED.finditer(text):
        given = next(filter(None, quote.groups()), "").strip()
        said_before = text[max(0, quote.start() - _BEFORE_CHARS) : quote.start()]
        if len(given.split()) >= _FEW_WORDS and (_SINGING.search(said_before) or "\n" in given):
            return given[:MAX_LYRICS_CHARS], f"{text[: quote.start()]} {text[quote.end() :]}"
    return "", _QUOTED.sub(" ", text)


def _unquoted(text: str) -> str:
    whole = _QUOTED.fullmatch(text)
    return next(filter(None, whole.groups()), "").strip() if whole else text


# --- Length and tempo ----------------------------------------------------------------------------------------------

_NUMBERS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "forty-five": 45, "fifty": 50, "sixty": 60,
    "ninety": 90, "half a": 0.5, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "dix": 10, "quinze": 15,
    "vingt": 20, "trente": 30, "quarante": 40, "soixante": 60, "eine": 1, "zwei": 2, "drei": 3, "zehn": 10,
    "zwanzig": 20, "dreißig": 30, "dos": 2, "tres": 3, "treinta": 30, "demi": 0.5, "half": 0.5,
}  # fmt: skip
_DIGITS: Final = r"\d{1,4}(?:[.,]\d{1,2})?"
_WORDS: Final = "|".join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))
_CLOCK: Final = re.compile(r"(?<![\d:])(\d{1,2}):([0-5]\d)(?![\d:])")
_SECONDS: Final = r"(?:seconds?|secondes?|secs?|sekunden|segundos?|s)"
_MINUTES: Final = r"(?:minutes?|mins?|minuten|minutos?|m)"
_LENGTH: Final = re.compile(
    rf"(?<![\w.,'’])(?:(?P<number>{_DIGITS})(?P<gap>[\s-]{{0,3}})"
    rf"|(?P<word>{_WORDS})(?P<half> and a half)?[\s-]{{1,3}})"
    rf"(?:(?P<minutes>{_MINUTES})(?:(?:\s+(?:and|et|und|y))?\s*(?P<more>\d{{1,2}}|(?:a )?half|demie?)\s*{_SECONDS}?)?"
    rf"|{_SECONDS})\b",
    _I,
)
_SHORT_OF: Final = re.compile(r"(?<![\w’'])(?:half a|half|une demi|demi)[\s-]+minute\b", _I)
#: "80s synth pop" is a decade; "for 80s" and "80s long" are not.
_DECADE: Final = re.compile(r"(?:[5-9]0|(?:19|20)\d0)s", _I)
_LASTS: Final = re.compile(r"(?:\bfor|\blasting|\blasts|\blength:?|\bduration:?|\bof|\bpendant|\bde|,)\s*$", _I)
_LONG: Final = re.compile(r"\s*(?:long|in length|clip|loop|jingle|piece)\b", _I)
_NOT_A_LENGTH: Final = re.compile(r"\s*(?:per|later|ago|before|intro|fade|drop)\b", _I)
_TEMPO: Final = re.compile(
    r"\b(?P<a>\d{2,3}(?:\.\d)?)\s*-?\s*(?:bpm|beats?\s+per\s+minute|battements\s+par\s+minute|schläge\s+pro\s+minute)\b"
    r"|\b(?:bpm|tempo)\s*(?:of|is|at|[:=à])?\s*(?P<b>\d{2,3}(?:\.\d)?)\b",
    _I,
)


def _duration(text: str) -> float | None:
    """The last length that is named ("20 to 30 seconds" is 30), within bounds."""
    found: float | None = None
    for match in _LENGTH.finditer(text):
        seconds = _seconds(match, text)
        if seconds is not None:
            found = seconds
    if found is None and (clock := _CLOCK.search(text)):
        found = int(clock[1]) * 60.0 + int(clock[2])
    if found is None and _SHORT_OF.search(text):
        found = 30.0
    return None if not found else min(MAX_DURATION_S, max(MIN_DURATION_S, found))


def _seconds(match: re.Match[str], text: str) -> float | None:
    if _NOT_A_LENGTH.match(text, match.end()):
        return None
    number = _number(match)
    if match["minutes"]:
        more = match["more"] or "0"
        return number * 60 + (float(more) if more.isdecimal() else 30.0)
    if match["number"] and match["gap"] == "" and _DECADE.fullmatch(match[0]):
        lasts = _LASTS.search(text[: match.start()]) or _LONG.match(text, match.end())
        return number if lasts else None
    return number


def _number(match: re.Match[str]) -> float:
    if match["word"]:
        return _NUMBERS[match["word"].lower()] + (0.5 if match["half"] else 0.0)
    return float(match["number"].replace(",", "."))


def _tempo(text: str) -> float | None:
    for match in _TEMPO.finditer(text):
        bpm = float(match["a"] or match["b"])
        if MIN_TEMPO_BPM <= bpm <= MAX_TEMPO_BPM:
            return bpm
    return None


# --- Language and genre --------------------------------------------------------------------------------------------

_LANGUAGES: Final = {
    "en": ("english", "anglais", "englisch", "inglés"),
    "fr": ("french", "français", "francais", "französisch", "francés"),
    "de": ("german", "allemand", "deutsch", "alemán"),
    "es": ("spanish", "espagnol", "spanisch", "español", "castellano"),
    "it": ("italian", "italien", "italienisch", "italiano"),
    "pt": ("portuguese", "portugais", "português"),
    "ja": ("japanese", "japonais"),
    "ko": ("korean", "coréen"),
    "zh": ("chinese", "mandarin", "chinois"),
    "la": ("latin",),
}
_NAMED: Final = re.compile(
    r"\b(?:in|en|auf|sung in|lyrics in|paroles en)\s+(?P<in>"
    + "|".join(name for names in _LANGUAGES.values() for name in names)
    + r")\b|\b(?P<of>"
    + "|".join(name for names in _LANGUAGES.values() for name in names)
    + r")[ -](?:vocals?|lyrics|words|singing|singer|voice|song|rap)\b",
    _I,
)
#: Words that a prompt in this language can hardly do without.
_TELLING: Final = {
    "fr": re.compile(r"\b(?:une?|avec|et|pour|dans|le|la|les|des|du|sur|chanson|musique|voix)\b", _I),
    "de": re.compile(r"\b(?:ein|eine|einen|mit|und|für|der|die|das|über|lied|musik|stimme)\b", _I),
    "es": re.compile(r"\b(?:una?|con|para|el|los|las|sobre|canción|música|voz)\b", _I),
    "en": re.compile(r"\b(?:an?|with|and|for|the|of|about|song|music|voice|in|sung|by)\b", _I),
}


def _language(text: str) -> str | None:
    """The language of the words: the one that is named, else the prompt's own where its words tell."""
    named = _NAMED.search(text)
    if named:
        name = (named["in"] or named["of"]).lower()
        return next(tag for tag, names in _LANGUAGES.items() if name in names)
    counts = {tag: len(words.findall(text[:1000])) for tag, words in _TELLING.items()}
    best = max(counts, key=lambda tag: counts[tag])
    return best if counts[best] else None


GENRES: Final = (
    "a cappella", "acid jazz", "acid house", "afrobeat", "ambient", "bachata", "ballad", "baroque", "bebop",
    "big band", "bluegrass", "blues", "bolero", "bossa nova", "boom bap", "breakbeat", "britpop", "celtic", "chamber",
    "chillout",
    "chillwave", "chiptune", "choral", "cinematic", "classical", "country", "cumbia", "dance", "dancehall",
    "death metal", "disco", "doo-wop", "drone", "drum and bass", "drum & bass", "dub", "dubstep", "edm", "electro",
    "electronic", "emo", "experimental", "flamenco", "folk", "funk", "future bass", "fusion", "garage", "glitch",
    "gospel", "grime", "grunge", "hard rock", "heavy metal", "hip hop", "hip-hop", "house", "hyperpop", "idm", "indie",
    "industrial", "jazz", "jungle", "k-pop", "j-pop", "klezmer", "latin", "lo-fi", "lofi", "lullaby", "march", "mambo",
    "metal", "minimal", "musical", "new age", "new wave", "noise", "opera", "orchestral", "phonk", "piano", "polka",
    "pop", "post-rock", "progressive rock", "psychedelic", "punk", "r&b", "ragtime", "rap", "reggae", "reggaeton",
    "rock", "rockabilly", "rumba", "salsa", "samba", "schlager", "shoegaze", "ska", "soul", "soundtrack", "surf rock",
    "swing", "symphonic", "synth pop", "synthpop", "synthwave", "tango", "techno", "trance", "trap", "trip hop",
    "trip-hop", "vaporwave", "waltz", "world music", "zydeco", "valse", "berceuse", "musette", "chanson",
)  # fmt: skip
_GENRE: Final = re.compile(
    r"(?<![\w-])(?:" + "|".join(re.escape(genre) for genre in sorted(GENRES, key=len, reverse=True)) + r")(?![\w])", _I
)


def genres_in(text: str) -> list[str]:
    """Key words of genre in the order of the prompt, each once."""
    found = dict.fromkeys(match[0].lower() for match in _GENRE.finditer(text))
    return list(found)[:MAX_GENRES]
