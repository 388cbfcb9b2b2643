"""What the words of a prompt mean to the composers: a style, its tempo, its mode. Pure."""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

Mode = Literal["major", "minor", "dorian", "blues"]

_WORD: Final = re.compile(r"[a-zà-ÿ]+(?:[-'][a-zà-ÿ]+)*")


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of music is played.

    Attributes:
        bpm: tempo where nobody asked for one.
        mode: the scale.
        kick, snare, hat: a bar of 16 steps as text, `x` for a hit and `X` for an accent.
        swing: how late every second eighth comes, as a share of an eighth.
        density: notes of the melody per beat.
        softness: 0 for bright and hard, 1 for soft and dark.
    """

    bpm: float
    mode: Mode = "major"
    kick: str = "X.......X......."
    snare: str = "....X.......X..."
    hat: str = "x.x.x.x.x.x.x.x."
    swing: float = 0.0
    density: float = 1.5
    softness: float = 0.4


_FOUR: Final = "X...X...X...X..."
DEFAULT: Final = Style(104)
STYLES: Final[dict[str, Style]] = {
    "rock": Style(124, "minor", "X..x..X.X..x..X.", density=2.0, softness=0.1),
    "metal": Style(150, "minor", "X.xxX.xxX.xxX.xx", density=3.0, softness=0.0),
    "punk": Style(170, "major", "X.x...x.X.x...x.", density=2.0, softness=0.1),
    "pop": Style(112, "major", density=1.5, softness=0.4),
    "jazz": Style(132, "dorian", "X.........x.....", "....x.......x...", "x..xx..xx..xx..x", 0.33, 2.0, 0.6),
    "blues": Style(92, "blues", swing=0.33, density=1.5, softness=0.4),
    "funk": Style(108, "dorian", "X..x..x..xX.....", "....X..x.x..X..x", "xxxxxxxxxxxxxxxx", 0.1, 2.0, 0.2),
    "reggae": Style(
        80, "major", "........X.......", "........X.......", "..x...x...x...x.", density=1.0, softness=0.5
    ),
    "folk": Style(100, "major", "x.......x.......", "", "....x.......x...", density=1.5, softness=0.6),
    "country": Style(116, "major", "X...x...X...x...", density=2.0, softness=0.4),
    "classical": Style(88, "major", "", "", "", density=2.0, softness=0.6),
    "waltz": Style(120, "major", "", "", "", density=1.5, softness=0.6),
    "ambient": Style(66, "major", "", "", "", density=0.5, softness=1.0),
    "lullaby": Style(68, "major", "", "", "", density=1.0, softness=0.9),
    "techno": Style(132, "minor", _FOUR, "....x.......x...", "..X...X...X...X.", density=2.0, softness=0.1),
    "house": Style(124, "minor", _FOUR, "....X.......X...", "..X...X...X...X.", density=1.5, softness=0.3),
    "trance": Style(138, "minor", _FOUR, "....x.......x...", "xxXxxxXxxxXxxxXx", density=4.0, softness=0.3),
    "hip-hop": Style(88, "minor", "X..x....x.X.....", "....X.......X...", "x.x.x.xxx.x.x.x.", 0.15, 1.0, 0.5),
    "lo-fi": Style(76, "dorian", "X.....x.x.......", "....x.......x...", "x.x.x.x.x.x.x.x.", 0.2, 1.0, 0.9),
    "march": Style(116, "major", "X.......X.......", "X...X.xxX...X.xx", "", density=1.5, softness=0.3),
}
_ALSO: Final = {
    "electronic": "house", "edm": "house", "disco": "house", "rave": "techno", "hiphop": "hip-hop", "rap": "hip-hop",
    "trap": "hip-hop", "lofi": "lo-fi", "chill": "lo-fi", "chillhop": "lo-fi", "study": "lo-fi", "piano": "classical",
    "orchestral": "classical", "cinematic": "classical", "baroque": "classical", "acoustic": "folk", "guitar": "folk",
    "meditation": "ambient", "drone": "ambient", "calm": "ambient", "relaxing": "ambient", "swing": "jazz",
    "bossa": "jazz", "soul": "funk", "ska": "reggae", "berceuse": "lullaby", "valse": "waltz", "marche": "march",
    "battle": "metal", "epic": "march", "game": "trance", "arcade": "trance", "dub": "reggae",
}  # fmt: skip
_DARK: Final = {
    "sad",
    "dark",
    "melancholic",
    "melancholy",
    "gloomy",
    "mournful",
    "tragic",
    "minor",
    "sombre",
    "triste",
}
_BRIGHT: Final = {"happy", "bright", "cheerful", "joyful", "uplifting", "sunny", "playful", "major", "joyeux", "gai"}
_SLOW: Final = {"slow", "slowly", "gentle", "lent", "lente", "doux", "douce"}
_FAST: Final = {"fast", "quick", "energetic", "upbeat", "driving", "frantic", "rapide"}


def style_of(words: str) -> Style:
    """The style that these words name first, coloured by their moods; `DEFAULT` where they name none."""
    said = _WORD.findall(words.lower())
    named = (STYLES.get(word) or STYLES.get(_ALSO.get(word, "")) for word in said)
    style = next(filter(None, named), DEFAULT)
    if _DARK.intersection(said):
        style = replace(style, mode="minor")
    elif _BRIGHT.intersection(said):
        style = replace(style, mode="major")
    if _SLOW.intersection(said):
        style = replace(style, bpm=style.bpm * 0.8)
    elif _FAST.intersection(said):
        style = replace(style, bpm=style.bpm * 1.2)
    return style
