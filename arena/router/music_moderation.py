"""Is a music prompt acceptable? A versioned list beside the general rules: artists, known songs, hate, the explicit.

Why: a system that imitates a living voice or sings words that somebody owns does harm to a person who never agreed,
and the output could not be published. The list is short and written for precision: a name is refused beside a wish to
imitate ("in the style of", "sounds like") or where it can name nobody else; a genre or an era is never refused. Words
of a known song are refused where a whole line of it stands there. Pure.
"""

import re
from typing import Final

from arena.router.guard import Refusal, readings

VERSION: Final = "2026-11-1"

#: Names that can hardly mean anything else; read after `guard.readings`.
_ARTISTS: Final = (
    "abba", "ac/dc", "ariana grande", "aya nakamura", "bad bunny", "beyonce", "billie eilish", "bob dylan",
    "bob marley", "britney spears", "bruno mars", "celine dion", "charles aznavour", "coldplay", "daft punk",
    "david bowie", "dolly parton", "dua lipa", "ed sheeran", "edith piaf", "elton john", "elvis presley", "eminem",
    "francoise hardy", "frank sinatra", "freddie mercury", "guns n' roses", "hans zimmer", "harry styles",
    "iron maiden", "jacques brel", "jay-z", "johnny cash", "johnny hallyday", "justin bieber", "kanye west",
    "kendrick lamar", "lady gaga", "lana del rey", "led zeppelin", "linkin park", "mariah carey", "metallica",
    "michael jackson", "miley cyrus", "mylene farmer", "olivia rodrigo", "paul mccartney", "pink floyd",
    "post malone", "radiohead", "rammstein", "rihanna", "rosalia", "sabrina carpenter", "selena gomez",
    "serge gainsbourg", "shakira", "stevie wonder", "stromae", "taylor swift", "the beatles", "the rolling stones",
    "the weeknd", "tupac", "whitney houston",
)  # fmt: skip
#: Names that are also words: only beside a wish to imitate.
_AMBIGUOUS: Final = (
    "queen", "prince", "kiss", "bts", "drake", "madonna", "nirvana", "adele", "oasis", "muse", "blur", "cher",
    "pink", "usher", "genesis", "angele",
)  # fmt: skip
_IMITATE: Final = (
    r"(?:in the (?:style|voice|manner) of|sounds? like|sounding like|sung by|cover of|similar to|inspired by|"
    r"dans le style de|a la maniere de|avec la voix de|chante par|comme|im stil von|al estilo de)"
)
#: Titles that name one song; refused beside "song", "cover", "sing" or a wish to imitate.
_SONGS: Final = (
    "bohemian rhapsody", "imagine", "hey jude", "let it be", "yesterday", "billie jean", "thriller",
    "hotel california", "stairway to heaven", "smells like teen spirit", "shape of you", "bad guy",
    "rolling in the deep", "let it go", "someone like you", "la vie en rose", "non je ne regrette rien",
    "ne me quitte pas", "dancing queen", "wonderwall", "purple rain", "like a virgin", "blinding lights",
    "despacito", "gangnam style", "shake it off",
)  # fmt: skip
_SONG_WORDS: Final = r"(?:song|cover|remix|version|sing|lyrics of|lyrics to|remake|chanson|reprise|chante|paroles de)"
#: The beginning of a line that everybody knows, long enough to be nothing else.
_LINES: Final = (
    "is this the real life is this just fantasy", "imagine there's no heaven", "hello from the other side",
    "let it go let it go can't hold it back", "we will we will rock you", "i want it that way",
    "hey jude don't make it bad", "load up on guns bring your friends", "never gonna give you up never gonna let",
    "just a small town girl living in", "welcome to the hotel california", "billie jean is not my lover",
    "non rien de rien non je ne regrette rien", "ne me quitte pas il faut oublier", "quand il me prend dans ses bras",
)  # fmt: skip
_EXPLICIT: Final = re.compile(
    r"\b(?:porn\w*|hardcore sex|blow ?jobs?|gang ?bang|cum ?shots?|masturbat\w+|explicit sex\w*|fuck me|orgas\w+|"
    r"pornograph\w+|baise[- ]moi|sexe explicite)\b"
)
_GROUPS: Final = (
    r"(?:jews?|muslims?|christians?|blacks?|whites?|asians?|arabs?|gays?|lesbians?|trans(?:gender)?s?|immigrants?|"
    r"migrants?|roma|gypsies|foreigners?|women|disabled|juifs?|musulmans?|noirs?|arabes?|immigres?|homosexuels?|femmes)"
)
_HATE: Final = re.compile(
    rf"\b(?:kill|gas|burn|exterminate|deport|hate|hang|lynch|tuer?|mort aux|haine des|extermin\w+)\b"
    rf"(?: \w+){{0,3}} {_GROUPS}\b"
    rf"|\bdeath to (?:the |all )?{_GROUPS}\b|\b{_GROUPS} (?:are|sont) (?:vermin|rats|subhuman|animals|de la vermine)\b"
    r"|\b(?:white power|heil hitler|sieg heil|14 ?/? ?88|horst[- ]wessel|rahowa|ku klux klan anthem)\b"
)
_AGAINST: Final = re.compile(r"\b(?:against|anti|stop|end|never again|condemn\w*|about the history of|contre)\b")


def _any(names: tuple[str, ...]) -> str:
    return "(?:" + "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) + ")"


_ARTIST: Final = re.compile(rf"(?<![\w-]){_any(_ARTISTS)}(?![\w-])")
_IMITATED: Final = re.compile(rf"\b{_IMITATE} (?:the band |the singer |le groupe )?{_any(_AMBIGUOUS)}(?![\w-])")
_SONG: Final = re.compile(
    rf"\b{_SONG_WORDS}\b[^.!?\n]{{0,20}}\b{_any(_SONGS)}\b|\b{_IMITATE} {_any(_SONGS)}\b"
    rf"|\b{_any(_SONGS)} (?:cover|remix)\b"
)
_MARKS: Final = re.compile(r"[^\w' ]+|\s+")


class MusicModerator:
    """The first list that a prompt is on refuses it. Never unavailable."""

    def check(self, text: str) -> Refusal | None:
        """The refusal, or None."""
        for reading in readings(text):
            code = _code(reading)
            if code is not None:
                return Refusal(code, rule=f"{code}@music-{VERSION}")
        return None


def _code(text: str) -> str | None:
    plain = " ".join(_MARKS.sub(" ", text).split())
    if any(line in plain for line in _LINES):
        return "music_known_lyrics"
    if _HATE.search(plain) and not _AGAINST.search(plain):
        return "music_hateful"
    if _EXPLICIT.search(plain):
        return "music_explicit"
    if _SONG.search(plain):
        return "music_known_song"
    if _ARTIST.search(text) or _IMITATED.search(plain):
        return "music_artist"
    return None
