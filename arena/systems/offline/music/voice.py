"""A singing voice: harmonics shaped by the formants of vowels, noise for consonants. numpy only.

Formants after Peterson and Barney, "Control Methods Used in a Study of the Vowels", JASA 24 (1952),
doi:10.1121/1.1906875.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from arena.systems.offline.music.score import BEATS_PER_BAR, Score
from arena.systems.offline.music.synth import Mix, Sound, envelope, hertz
from arena.systems.offline.music.words import Syllable

#: F1, F2, F3 in Hz.
_FORMANTS: Final[dict[str, tuple[float, float, float]]] = {
    "a": (730, 1090, 2440), "e": (530, 1840, 2480), "i": (270, 2290, 3010), "o": (570, 840, 2410),
    "u": (300, 870, 2240), "@": (500, 1400, 2300), "m": (250, 1000, 2200), "n": (250, 1500, 2500),
    "l": (360, 1300, 2700), "r": (310, 1060, 1500), "w": (300, 610, 2200),
}  # fmt: skip
_WIDTHS_HZ: Final = (90.0, 110.0, 170.0)
_GAINS: Final = (1.0, 0.6, 0.3)
#: Noise of consonants: centre and width in Hz, seconds, gain.
_NOISES: Final[dict[str, tuple[float, float, float, float]]] = {
    "s": (6500, 1500, 0.09, 0.5), "z": (6000, 1500, 0.07, 0.35), "x": (6000, 1500, 0.09, 0.4),
    "c": (2500, 900, 0.03, 0.5), "j": (3200, 1200, 0.06, 0.4), "f": (5000, 3500, 0.08, 0.2),
    "v": (4000, 3000, 0.05, 0.15), "h": (1500, 1200, 0.06, 0.15), "t": (4200, 1500, 0.03, 0.6),
    "d": (3500, 1500, 0.02, 0.4), "p": (900, 600, 0.03, 0.6), "b": (700, 500, 0.02, 0.4),
    "k": (2200, 700, 0.03, 0.6), "g": (1900, 700, 0.02, 0.4), "q": (2200, 700, 0.03, 0.6),
}  # fmt: skip
_HARMONICS: Final = 28
_TOP_HZ: Final = 5200.0
_GLIDE_S: Final = 0.07
_VIBRATO: Final = 0.008
_MIN_PITCH: Final = 1


@dataclass(frozen=True, slots=True)
class Sung:
    """One syllable in time. Times in seconds; `pitch` a MIDI number."""

    start_s: float
    seconds: float
    pitch: float
    syllable: Syllable


def set_to(score: Score, lines: Sequence[Sequence[Syllable]], low: int) -> list[Sung]:
    """The lines set to a score's melody: two bars a line, its last syllable held; begins again until the end.

    `low`: the lowest note of the voice, a MIDI number; the melody is moved by octaves to lie above it.
    """
    if not lines:
        return []
    return [sung for sung in _phrases(score, lines, low) if sung.start_s < score.seconds - 0.3]


def _phrases(score: Score, lines: Sequence[Sequence[Syllable]], low: int) -> Iterator[Sung]:
    total = int(np.ceil(score.seconds / (2 * BEATS_PER_BAR * score.beat_s)))
    for phrase in range(total):
        line, first = lines[phrase % len(lines)], phrase * 2.0 * BEATS_PER_BAR
        step = min(1.0, max(0.34, 6.5 / len(line)))
        for n, syllable in enumerate(line):
            at = first + n * step
            beats = step if n < len(line) - 1 else max(step, 7.4 - n * step)
            yield Sung(at * score.beat_s, beats * score.beat_s * 0.97, _pitch_at(score, at, low), syllable)


def _pitch_at(score: Score, beat: float, low: int) -> float:
    """The pitch of the melody at a beat, in the octave above `low`."""
    before = [note for note in score.melody if note.start <= beat + 0.01]
    pitch = before[-1].pitch if before else 69
    return low + (pitch - low) % 12


def sing(mix: Mix, sung: Sequence[Sung], gain: float, pan: float = 0.0, detune: float = 0.0) -> None:
    """Add a voice to a recording. `detune`: in semitones, so that two voices are two."""
    noise = np.random.default_rng(7).uniform(-1, 1, mix.rate_hz)
    for one in sung:
        samples = max(_MIN_PITCH, round(one.seconds * mix.rate_hz))
        at = round(one.start_s * mix.rate_hz)
        vowel = _vowel(one.syllable, hertz(one.pitch + detune), samples, mix.rate_hz)
        mix.add(vowel * gain, at, pan)
        for letters, where in ((one.syllable.onset, at), (one.syllable.coda, at + int(samples * 0.9))):
            for letter in letters[-2:]:
                if letter in _NOISES:
                    mix.add(_hiss(letter, noise, mix.rate_hz) * (gain * 0.8), where, pan)


def _vowel(syllable: Syllable, frequency_hz: float, samples: int, rate_hz: int) -> Sound:
    at = np.arange(samples) / rate_hz
    vibrato = _VIBRATO * np.minimum(1, at / 0.4) * np.sin(2 * np.pi * 5.4 * at)
    pitch = frequency_hz * (1 + vibrato)
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    # How loud a harmonic is needs less precision than where its wave is, and single precision is quicker.
    tracks = zip(_tracks(syllable, samples, rate_hz), _WIDTHS_HZ, strict=True)
    formants = [(track / width).astype(np.float32) for track, width in tracks]
    count = max(1, min(_HARMONICS, int(_TOP_HZ / frequency_hz)))
    sound = np.zeros(samples)
    # Each harmonic from the two below it, which is quicker than a sine: sin(n+1)x = 2 cos x sin nx - sin(n-1)x.
    twice, below, wave = 2 * np.cos(phase), np.zeros(samples), np.sin(phase)
    for n in range(1, count + 1):
        strength = sum(
            gain / (1 + (n * frequency_hz / width - track) ** 2)
            for track, gain, width in zip(formants, _GAINS, _WIDTHS_HZ, strict=True)
        )
        sound += (strength + 0.02) * n**-0.4 * wave
        below, wave = wave, twice * wave - below
    peak = np.abs(sound).max() or 1.0
    shaped = sound / peak * envelope(samples, rate_hz, 0.025, 4.0, 0.8)
    return np.asarray(shaped, dtype=np.float32)


def _tracks(syllable: Syllable, samples: int, rate_hz: int) -> list[npt.NDArray[np.float64]]:
    """How each formant moves: from a voiced consonant into the vowel, to its end, into a voiced consonant."""
    end_s = samples / rate_hz
    begin = next((letter for letter in reversed(syllable.onset) if letter in _FORMANTS), syllable.vowel)
    close = next((letter for letter in syllable.coda if letter in _FORMANTS), syllable.glide)
    times = [0.0, min(_GLIDE_S, end_s / 3), end_s * 0.55, end_s * 0.85, end_s]
    shapes = [_FORMANTS[name] for name in (begin, syllable.vowel, syllable.vowel, syllable.glide, close)]
    at = np.arange(samples) / rate_hz
    return [np.interp(at, times, [shape[n] for shape in shapes]) for n in range(3)]


def _hiss(letter: str, noise: npt.NDArray[np.float64], rate_hz: int) -> Sound:
    centre_hz, width_hz, seconds, gain = _NOISES[letter]
    samples = round(seconds * rate_hz)
    spectrum = np.fft.rfft(noise[:samples])
    frequencies = np.fft.rfftfreq(samples, 1 / rate_hz)
    shaped = np.fft.irfft(spectrum * np.exp(-(((frequencies - centre_hz) / width_hz) ** 2)), samples)
    peak = np.abs(shaped).max() or 1.0
    return np.asarray(shaped / peak * gain * np.hanning(samples), dtype=np.float32)
