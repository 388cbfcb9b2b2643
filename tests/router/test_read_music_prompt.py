"""What a music prompt says: a table checked by hand, and what holds for any text."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.router.music import MAX_DURATION_S, MAX_GENRES, MIN_DURATION_S, Reading, read_prompt

GOLDEN: list[tuple[str, dict[str, Any]]] = [
    # Voice.
    ("a calm piano piece", {"genres": ["piano"]}),
    ("a song about summer", {}),
    ("Instrumental jazz", {"vocals": False, "genres": ["jazz"]}),
    ("pop song with female vocals", {"vocals": True, "language": "en", "genres": ["pop"]}),
    ("a choir sings of the sea", {"vocals": True, "language": "en"}),
    ("upbeat rock, no vocals", {"vocals": False, "genres": ["rock"]}),
    ("folk tune without singing", {"vocals": False, "genres": ["folk"]}),
    ("lyric-free ambient", {"vocals": False, "genres": ["ambient"]}),
    ("a wordless lullaby", {"vocals": False, "genres": ["lullaby"]}),
    ("a rap about my cat", {"vocals": True, "language": "en", "genres": ["rap"]}),
    ("rapper over a trap beat", {"vocals": True, "language": "en", "genres": ["trap"]}),
    ("tenor sax ballad", {"genres": ["ballad"]}),
    ("tibetan singing bowls drone", {"genres": ["drone"]}),
    ("an a cappella piece with voices", {"vocals": True, "language": "en", "genres": ["a cappella"]}),
    ("sea shanty for sailors", {"vocals": True, "language": "en"}),
    ("vocal trance", {"vocals": True, "genres": ["trance"]}),
    ("the singer hums, but no lyrics", {"vocals": False}),
    ("une chanson avec une voix douce", {"vocals": True, "language": "fr", "genres": ["chanson"]}),
    ("une valse musette instrumentale", {"vocals": False, "genres": ["valse", "musette"]}),
    ("une berceuse sans paroles", {"vocals": False, "genres": ["berceuse"]}),
    ("ein Lied mit Gesang über den Wald", {"vocals": True, "language": "de"}),
    ("techno ohne Gesang", {"vocals": False, "genres": ["techno"]}),
    ("una canción con voz para el verano", {"vocals": True, "language": "es"}),
    # Lyrics.
    ('a song that says "hello my old friend"', {}),
    (
        'sing "row row row your boat" as a march',
        {"vocals": True, "lyrics": "row row row your boat", "language": "en", "genres": ["march"]},
    ),
    ('a waltz called "Blue River Valley Nights"', {"genres": ["waltz"]}),
    (
        "folk, lyrics: I walked along the road",
        {"vocals": True, "lyrics": "I walked along the road", "genres": ["folk"]},
    ),
    (
        "Slow soul\n[Verse 1]\nRain on the roof\n[Chorus]\nStay with me",
        {
            "vocals": True,
            "lyrics": "[Verse 1]\nRain on the roof\n[Chorus]\nStay with me",
            "genres": ["soul"],
        },
    ),
    ('pop with the words “we are the morning light”', {
        "vocals": True, "lyrics": "we are the morning light", "language": "en", "genres": ["pop"],
    }),
    ("chante « le vent se lève encore » en français", {
        "vocals": True, "lyrics": "le vent se lève encore", "language": "fr",
    }),
    ("Paroles : La nuit est douce et longue", {"vocals": True, "lyrics": "La nuit est douce et longue"}),
    ('instrumental, think of the lyrics "never say goodbye again"', {"vocals": False}),
    ('rock with lyrics "two minutes to midnight"', {
        "vocals": True, "lyrics": "two minutes to midnight", "language": "en", "genres": ["rock"],
    }),
    ("lyrics: at 120 bpm my heart goes", {"vocals": True, "lyrics": "at 120 bpm my heart goes"}),
    ("[chorus]\nla la la", {"vocals": True, "lyrics": "[chorus]\nla la la"}),
    ('“Stay” in the style of a hymn', {}),
    # Length.
    ("ambient, 30 s", {"duration_s": 30.0, "genres": ["ambient"]}),
    ("a 45-second jingle", {"duration_s": 45.0}),
    ("two minutes of techno", {"duration_s": 120.0, "genres": ["techno"]}),
    ("a minute of rain and piano", {"duration_s": 60.0, "genres": ["piano"]}),
    ("half a minute of brass", {"duration_s": 30.0}),
    ("1 min 30 s of funk", {"duration_s": 90.0, "genres": ["funk"]}),
    ("1:15 waltz", {"duration_s": 75.0, "genres": ["waltz"]}),
    ("two and a half minutes", {"duration_s": 150.0}),
    ("1.5 minutes of dub", {"duration_s": 90.0, "genres": ["dub"]}),
    ("20 to 30 seconds of polka", {"duration_s": 30.0, "genres": ["polka"]}),
    ("80s synth pop", {"genres": ["synth pop"]}),
    ("90s rave techno, 20 seconds", {"duration_s": 20.0, "genres": ["techno"]}),
    ("a clip for 60s", {"duration_s": 60.0}),
    ("1980s new wave", {"genres": ["new wave"]}),
    ("the '60s surf rock", {"genres": ["surf rock"]}),
    ("an hour of drone, or 600 seconds", {"duration_s": 300.0, "genres": ["drone"]}),
    ("1 second", {"duration_s": 5.0}),
    ("trente secondes de jazz", {"duration_s": 30.0, "genres": ["jazz"]}),
    ("une minute de musique", {"duration_s": 60.0}),
    ("zwei Minuten Blues", {"duration_s": 120.0, "genres": ["blues"]}),
    ("15s loop", {"duration_s": 15.0}),
    ("wait 10 seconds later a drop", {}),
    # Tempo.
    ("house at 124 bpm", {"tempo_bpm": 124.0, "genres": ["house"]}),
    ("BPM: 90, boom bap", {"tempo_bpm": 90.0, "genres": ["boom bap"]}),
    ("120 beats per minute", {"tempo_bpm": 120.0}),
    ("tempo 72 ballad", {"tempo_bpm": 72.0, "genres": ["ballad"]}),
    ("999 bpm speedcore", {}),
    ("à 100 battements par minute", {"tempo_bpm": 100.0}),
    # Language.
    ("French song with vocals", {"vocals": True, "language": "fr"}),
    ("a singer, sung in Japanese", {"vocals": True, "language": "ja"}),
    ("Spanish guitar instrumental", {"vocals": False}),
    ("italian aria", {"vocals": True}),
    ("k-pop with korean lyrics", {"vocals": True, "language": "ko", "genres": ["k-pop"]}),
    # Together.
    (
        "Vocal, English, 30 s, drum and bass at 174 bpm",
        {
            "vocals": True,
            "duration_s": 30.0,
            "tempo_bpm": 174.0,
            "language": "en",
            "genres": ["drum and bass"],
        },
    ),
    ("lo-fi hip hop beat for studying, 20 s, no lyrics", {
        "vocals": False, "duration_s": 20.0, "genres": ["lo-fi", "hip hop"],
    }),
    ("", {}),
    ("🎵🎵🎵", {}),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "expected"), GOLDEN, ids=[prompt[:40] or "empty" for prompt, _read in GOLDEN])
def test_the_table(prompt: str, expected: dict[str, Any]) -> None:
    assert read_prompt(prompt).as_requirement() == expected


def within_bounds(reading: Reading) -> bool:
    return (
        (reading.duration_s is None or MIN_DURATION_S <= reading.duration_s <= MAX_DURATION_S)
        and (reading.tempo_bpm is None or 30 <= reading.tempo_bpm <= 300)
        and len(reading.genres) <= MAX_GENRES
        and (not reading.lyrics or reading.vocals is True)
        and (reading.language is None or reading.vocals is True)
    )


WORDS = st.sampled_from([
    *("lyrics:", '"', "“", "”", "[verse]", "\n", "sing", "instrumental", "no", "vocals", "30", "s", "half", "a"),
    *("minutes", "1:59", "and", "80s", "bpm", "in", "French", "jazz", "é", "٣", "²", "9999", "-", ",", ".5", "m"),
])  # fmt: skip


@given(st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=30).map(" ".join), st.lists(WORDS).map("".join)))
def test_any_text_is_read_within_bounds_and_always_the_same(prompt: str) -> None:
    reading = read_prompt(prompt)
    assert within_bounds(reading)
    assert read_prompt(prompt) == reading


@given(st.text(max_size=120))
def test_saying_that_nobody_sings_wins(prompt: str) -> None:
    assert read_prompt(f"instrumental {prompt}").vocals is not True or "[" in prompt or ":" in prompt


@pytest.mark.parametrize(
    "piece", ['"', "“a ", "1 ", "half a ", "[verse", "no any ", "in in ", "12 min ", "a-", "lyrics:", " \t", "1:1"]
)
def test_a_prompt_made_to_be_slow_is_read_at_once(piece: str) -> None:
    started = time.process_time()
    read_prompt((piece * 8000)[:8000])
    assert time.process_time() - started < 1.0
