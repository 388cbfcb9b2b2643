"""Words for a song when nobody gave any: rhymed couplets around a word of the prompt, in English or French. Pure."""

import random
import re
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]{3,14}")
#: Words of prompts that are no subject of a song.
_NO_SUBJECT: Final = {
    "about", "with", "that", "this", "song", "music", "sung", "sing", "sings", "singing", "singer", "vocal",
    "vocals", "voice", "voices", "lyrics", "words", "verse", "chorus", "second", "seconds", "minute", "minutes",
    "long", "short", "slow", "fast", "upbeat", "tempo", "style", "piece", "tune", "track", "beat", "melody", "pop",
    "rock", "jazz", "folk", "blues", "soul", "country", "techno", "house", "ambient", "ballad", "please", "make",
    "write", "want", "have", "should", "would", "like", "female", "male", "english", "french", "some", "from",
    "over", "into", "very", "more", "than", "their", "your", "without", "the", "and", "for", "its", "his", "her",
    "our", "you", "they", "who", "are", "was", "has", "had", "but", "not", "new", "old", "one", "two", "big",
    "chanson", "chant", "avec", "pour", "dans", "musique", "voix", "paroles", "seconde", "secondes", "longue",
    "lente", "douce", "rapide", "anglais", "francais", "français", "plus", "sans", "une", "les", "des", "est", "qui",
    "que", "son", "ses", "mon", "mes", "pas", "sur", "aux", "par", "choir", "choral", "happy", "calm", "gentle",
}  # fmt: skip
_COUPLETS: Final = {
    "en": (
        ("I walk beside the {word} at night", "and follow every little light"),
        ("The {word} is calling out my name", "and nothing here will stay the same"),
        ("Oh {word}, you are far away", "I will come and find you any day"),
        ("We sing of {word} and the sea", "and all that we would like to be"),
        ("There is a {word} in my mind", "it leaves the heavy days behind"),
        ("The rain is falling on the town", "the {word} turns it all around"),
        ("Tell me, {word}, where to go", "the road is long, the stars are low"),
        ("The morning comes, the {word} is near", "and all the sky is cold and clear"),
    ),
    "fr": (
        ("Je pense à toi, {word}, ce soir", "et dans mon cœur revient l'espoir"),
        ("Le vent m'emporte loin d'ici", "{word}, tu as changé ma vie"),
        ("Oh {word}, reste près de moi", "le jour se lève encore une fois"),
        ("Sous les étoiles, sans un bruit", "{word} traverse la nuit"),
        ("La pluie qui tombe sur les toits", "me parle de {word} et de toi"),
        ("Dis-moi, {word}, où tu t'en vas", "le chemin ne finira pas"),
    ),
}
_SUBJECTS: Final = {"en": ("summer", "river", "moonlight"), "fr": ("soleil", "rivière", "étoile")}
LANGUAGES: Final = tuple(_COUPLETS)


def write(prompt: str, language: str, rng: random.Random) -> str:
    """A verse, a chorus, a verse and the chorus again, about a word of the prompt. English for unknown languages."""
    tongue = language.lower().partition("-")[0]
    tongue = tongue if tongue in _COUPLETS else "en"
    known = [word for word in map(str.lower, _WORD.findall(prompt)) if word not in _NO_SUBJECT]
    subject = rng.choice(known or _SUBJECTS[tongue])
    verses = [
        "\n".join(line.format(word=subject) for line in couplet) for couplet in rng.sample(_COUPLETS[tongue], k=5)
    ]
    chorus = verses[2]
    return "\n\n".join([*verses[:2], chorus, *verses[3:], chorus])
