"""The language of a prompt, by the classifier of py3langid (Lui and Baldwin 2012, P12-3005 in the ACL Anthology)."""

import re
from functools import lru_cache
from typing import Any, Final

#: ISO 639-2 for "undetermined".
UNDETERMINED: Final = "und"
#: What the classifier may say (ISO 639; `zxx`: no words, `uzs`: Southern Uzbek), and the above.
LANGUAGES: Final = frozenset(
    {
        *("ace", "af", "am", "an", "ar", "ary", "arz", "as", "az", "ba", "bcl", "be", "bg", "bn", "br"),
        *("bs", "ca", "crh", "cs", "cy", "da", "de", "dz", "el", "en", "eo", "es", "et", "eu", "ext"),
        *("fa", "fi", "fo", "fr", "fuv", "fy", "ga", "gcf", "gcr", "gd", "gl", "gom", "grc", "gu", "gug"),
        *("guw", "ha", "hbo", "he", "hi", "hr", "ht", "hu", "hy", "id", "ig", "is", "it", "ja", "jv"),
        *("ka", "kab", "kik", "kk", "km", "kn", "ko", "ku", "ky", "la", "lb", "lg", "lij", "ln", "lo"),
        *("lt", "ltg", "lv", "mg", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no"),
        *("nso", "oc", "om", "or", "pa", "pcm", "pl", "ps", "pt", "qu", "ro", "ru", "rw", "sa", "sdh"),
        *("se", "si", "sk", "sl", "sn", "so", "sq", "sr", "st", "sv", "sw", "ta", "te", "tg", "th"),
        *("tk", "tl", "tr", "tt", "ug", "uk", "ur", "uz", "uzs", "vec", "vi", "vo", "wa", "wuu", "xh"),
        *("yo", "yue", "zh", "zu", "zxx", "und"),
    }
)
#: Of fewer characters nobody can tell.
FEWEST_CHARS: Final = 20
#: More text does not make the guess better, only slower.
MOST_CHARS: Final = 1_000
LEAST_CONFIDENCE: Final = 0.2

_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    # Loading takes a second and 30 MB: only a process that folds votes pays for it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def language_of(text: str) -> str:
    """The ISO 639-1 code, or "und" where the text is too short or looks like no language; code blocks do not count."""
    prose = _CODE.sub(" ", text).strip()[:MOST_CHARS]
    if len(prose) < FEWEST_CHARS:
        return UNDETERMINED
    language, confidence = _identifier().classify(prose)
    return str(language) if confidence >= LEAST_CONFIDENCE else UNDETERMINED
