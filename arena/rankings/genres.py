"""Families of genres, from the key words of a music requirement. Pure.

The words are those that `router.music` tells apart; a family is large enough to have a board of its own. Words that
say how a piece is made rather than what it is (a ballad, a march, a piano) are in none.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from arena.rankings.categories import Category
from arena.router.music import genres_in

FAMILIES: Final[Mapping[Category, frozenset[str]]] = {
    Category.ELECTRONIC: frozenset({
        "acid house", "breakbeat", "chillwave", "chiptune", "dance", "drum & bass", "drum and bass", "dubstep", "edm",
        "electro", "electronic", "future bass", "garage", "glitch", "house", "idm", "industrial", "jungle", "phonk",
        "synth pop", "synthpop", "synthwave", "techno", "trance", "trip hop", "trip-hop", "vaporwave",
    }),
    Category.HIP_HOP: frozenset({"boom bap", "grime", "hip hop", "hip-hop", "lo-fi", "lofi", "rap", "trap"}),
    Category.POP: frozenset({
        "britpop", "chanson", "hyperpop", "indie", "j-pop", "k-pop", "pop", "schlager", "synth pop", "synthpop",
    }),
    Category.ROCK: frozenset({
        "death metal", "emo", "grunge", "hard rock", "heavy metal", "metal", "new wave", "post-rock",
        "progressive rock", "psychedelic", "punk", "rock", "rockabilly", "shoegaze", "surf rock",
    }),
    Category.JAZZ: frozenset({
        "acid jazz", "bebop", "big band", "bossa nova", "doo-wop", "fusion", "jazz", "ragtime", "swing",
    }),
    Category.SOUL: frozenset({"blues", "disco", "funk", "gospel", "r&b", "soul"}),
    Category.CLASSICAL: frozenset({
        "baroque", "chamber", "choral", "classical", "opera", "orchestral", "symphonic", "valse", "waltz",
    }),
    Category.FOLK: frozenset({
        "afrobeat", "bluegrass", "celtic", "country", "flamenco", "folk", "klezmer", "musette", "polka", "world music",
        "zydeco",
    }),
    Category.LATIN: frozenset({
        "bachata", "bolero", "bossa nova", "cumbia", "latin", "mambo", "reggaeton", "rumba", "salsa", "samba", "tango",
    }),
    Category.REGGAE: frozenset({"dancehall", "dub", "reggae", "ska"}),
    Category.AMBIENT: frozenset({"ambient", "chillout", "cinematic", "drone", "new age", "soundtrack"}),
}  # fmt: skip
#: In no family.
FORMS: Final = frozenset({
    "a cappella", "ballad", "berceuse", "experimental", "lullaby", "march", "minimal", "musical", "noise", "piano",
})  # fmt: skip


def families_of(genres: Sequence[str]) -> frozenset[Category]:
    """The families that a requirement's key words name: "melodic techno" is electronic music."""
    words = {word for genre in genres for word in genres_in(genre)}
    return frozenset(family for family, own in FAMILIES.items() if own & words)
