"""From a request to a score: chords, a melody of motifs, a bass, a beat. Pure.

Times are in beats. The same prompt, requirement and seed give the same score.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from arena.systems.backends.base import GenerationRequest
from arena.systems.offline.music.styles import Style, style_of
from arena.systems.offline.prose import seeded, user_turns

BEATS_PER_BAR: Final = 4
_STEPS_PER_BAR: Final = 16
_DEFAULT_S: Final = 30.0
_SCALES: Final = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "blues": (0, 2, 3, 5, 7, 9, 10),
}
#: Chords as steps of the scale, one a bar.
_PROGRESSIONS: Final = {
    "major": ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 0), (0, 2, 3, 4)),
    "minor": ((0, 5, 2, 6), (0, 3, 4, 0), (0, 6, 5, 6), (0, 5, 3, 4)),
    "dorian": ((0, 3, 0, 3), (0, 1, 3, 0), (0, 6, 3, 0)),
    "blues": ((0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4),),
}


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `pitch`: a MIDI number; `velocity`: 0 to 1."""

    start: float
    beats: float
    pitch: int
    velocity: float = 0.8


@dataclass(frozen=True, slots=True)
class Score:
    """What is played, by part. `seconds`: the length that was asked for."""

    seconds: float
    bpm: float
    style: Style
    chords: tuple[Note, ...]
    melody: tuple[Note, ...]
    bass: tuple[Note, ...]
    kick: tuple[Note, ...]
    snare: tuple[Note, ...]
    hat: tuple[Note, ...]

    @property
    def beat_s(self) -> float:
        """Seconds of one beat."""
        return 60.0 / self.bpm


def compose(request: GenerationRequest, name: str, *, seconds: float | None = None, high: int = 72) -> Score:
    """The score that a request asks for.

    Args:
        request: the prompt decides style and notes, the requirement length and tempo.
        name: of the contender, so that two of them write different music for one prompt.
        seconds: a length of its own, whatever was asked for.
        high: the melody's middle, a MIDI number.
    """
    need = request.requirement
    words = " ".join([*need.get("genres", []), *user_turns(request)[-1:]])
    style, rng = style_of(words), seeded(request, name)
    length_s = seconds or float(need.get("duration_s") or _DEFAULT_S)
    bpm = float(need.get("tempo_bpm") or style.bpm)
    bars = math.ceil(length_s * bpm / 60 / BEATS_PER_BAR)
    key = rng.randrange(12)
    harmony = _harmony(style, bars, rng)
    return Score(
        seconds=length_s,
        bpm=bpm,
        style=style,
        chords=tuple(_chords(harmony, style, key)),
        melody=tuple(_melody(harmony, style, key, high, rng)),
        bass=tuple(_bass(harmony, style, key)),
        kick=tuple(_hits(style.kick, bars, style)),
        snare=tuple(_hits(style.snare, bars, style)),
        hat=tuple(_hits(style.hat, bars, style)),
    )


def _harmony(style: Style, bars: int, rng: random.Random) -> list[int]:
    """The chord of every bar: verse and refrain take turns; the last bar comes home."""
    loops = rng.sample(_PROGRESSIONS[style.mode], k=min(2, len(_PROGRESSIONS[style.mode])))
    steps: list[int] = []
    while len(steps) < bars:
        steps += loops[0] * 2 + loops[-1] * 2
    return [*steps[: bars - 1], 0]


def pitch_of(style: Style, key: int, step: int, around: int) -> int:
    """The MIDI number of a step of the scale, in the octave that lies next to `around`."""
    scale = _SCALES[style.mode]
    octave, degree = divmod(step, len(scale))
    base = around - (around - key) % 12
    return base + 12 * octave + scale[degree]


def _chords(harmony: list[int], style: Style, key: int) -> Iterator[Note]:
    for bar, root in enumerate(harmony):
        for third in (0, 2, 4):
            pitch = pitch_of(style, key, root + third, 55)
            yield Note(bar * BEATS_PER_BAR, BEATS_PER_BAR, pitch, 0.6)


def _bass(harmony: list[int], style: Style, key: int) -> Iterator[Note]:
    for bar, root in enumerate(harmony):
        low = pitch_of(style, key, root, 36)
        fifth = pitch_of(style, key, root + 4, 36)
        for beat, pitch in ((0, low), (1.5, low), (2, fifth), (3.5, low)):
            yield Note(bar * BEATS_PER_BAR + beat, 1.2 if beat in (0, 2) else 0.4, pitch, 0.9)


def _hits(pattern: str, bars: int, style: Style) -> Iterator[Note]:
    for bar in range(bars):
        for step, sign in enumerate(pattern):
            if sign in "xX":
                late = style.swing / 2 if step % 4 == 2 else 0.0
                start = (bar * _STEPS_PER_BAR + step) * BEATS_PER_BAR / _STEPS_PER_BAR + late
                yield Note(start, 0.25, 0, 1.0 if sign == "X" else 0.55)


def _melody(harmony: list[int], style: Style, key: int, high: int, rng: random.Random) -> Iterator[Note]:
    """Motifs of one bar, repeated and answered: a a b a, moved to each bar's chord."""
    motifs = [_motif(style, rng) for _n in range(3)]
    for bar, root in enumerate(harmony):
        motif = motifs[2] if bar % 16 >= 12 else motifs[1] if bar % 4 == 2 else motifs[0]
        shift = root if root <= 3 else root - 7
        for start, beats, step in motif:
            late = style.swing / 2 if start % 1 == 0.5 else 0.0
            pitch = pitch_of(style, key, shift + step, high)
            yield Note(bar * BEATS_PER_BAR + start + late, beats, pitch, 0.7 + 0.3 * rng.random())


def _motif(style: Style, rng: random.Random) -> list[tuple[float, float, int]]:
    """(start, beats, step of the scale above the chord) of one bar; on the strong beats a note of the chord."""
    grid = 0.25 if style.density > 2 else 0.5 if style.density > 1 else 1.0
    places = [place * grid for place in range(int(BEATS_PER_BAR / grid))]
    count = max(1, round(style.density * BEATS_PER_BAR))
    starts = sorted({0.0, *rng.sample(places, k=min(count, len(places)))})
    step, notes = rng.choice((0, 2, 4)), []
    for start, following in zip(starts, [*starts[1:], BEATS_PER_BAR], strict=True):
        step = rng.choice((0, 2, 4)) if start % 2 == 0 else max(-2, min(9, step + rng.choice((-2, -1, -1, 1, 1, 2))))
        notes.append((start, (following - start) * 0.9, step))
    return notes
