"""Sound from notes: one-cycle tables, drums from noise, a mix, a WAV file. numpy only.

Arrays of sound are float32 of shape (samples,) for one channel and (samples, channels) in a mix.
"""

import io
import wave
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from arena.systems.offline.music.score import Note

Sound: TypeAlias = npt.NDArray[np.float32]
Voice: TypeAlias = Callable[[float, int, int], Sound]

#: A power of two, so that a place in a cycle is the last bits of a place in the sound.
_TABLE: Final = 2048
_FADE_S: Final = 0.008


def hertz(pitch: float) -> float:
    """Frequency of a MIDI number."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def table(amplitudes: Iterable[float]) -> Sound:
    """One cycle with these amplitudes of the harmonics 1, 2, 3 …, peak 1."""
    phase = np.arange(_TABLE, dtype=np.float32) * (2 * np.pi / _TABLE)
    cycle = sum((amplitude * np.sin(n * phase) for n, amplitude in enumerate(amplitudes, 1)), np.zeros(_TABLE))
    return np.asarray(cycle / np.abs(cycle).max(), dtype=np.float32)


def tone(cycle: Sound, frequency_hz: float, samples: int, rate_hz: int, vibrato: float = 0.0) -> Sound:
    """A table read at a frequency; `vibrato` as a share of the frequency, five times a second."""
    at = np.arange(samples, dtype=np.float64) / rate_hz
    phase = frequency_hz * at
    if vibrato:
        phase += frequency_hz * vibrato * (1 - np.cos(2 * np.pi * 5.2 * at)) / (2 * np.pi * 5.2)
    return cycle.take((phase * _TABLE).astype(np.int64) & (_TABLE - 1))


def envelope(samples: int, rate_hz: int, attack_s: float, decay_s: float, sustain: float = 0.0) -> Sound:
    """A rise, then a fall towards `sustain` with the time constant `decay_s`, and no click at the end."""
    at = np.arange(samples, dtype=np.float32) / rate_hz
    shape = np.minimum(1.0, at / attack_s) * (
        sustain + (1 - sustain) * np.exp(-np.maximum(0, at - attack_s) / decay_s)
    )
    fade = max(1, min(samples, int(_FADE_S * rate_hz)))
    shape[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return np.asarray(shape, dtype=np.float32)


def instrument(cycle: Sound, attack_s: float, decay_s: float, sustain: float = 0.0, vibrato: float = 0.0) -> Voice:
    """A voice that plays `cycle` under an envelope: (frequency, samples, rate) → sound."""

    def play(frequency_hz: float, samples: int, rate_hz: int) -> Sound:
        sound = tone(cycle, frequency_hz, samples, rate_hz, vibrato)
        return sound * envelope(samples, rate_hz, attack_s, decay_s, sustain)

    return play


def drum(pitch_hz: float, drop: float, noise: float, decay_s: float) -> Voice:
    """A drum: a falling tone and noise; it sounds the same at every call."""

    def play(_frequency_hz: float, samples: int, rate_hz: int) -> Sound:
        at = np.arange(samples, dtype=np.float32) / rate_hz
        body = np.sin(2 * np.pi * pitch_hz * (at + drop * (1 - np.exp(-at * 30)) / 30))
        hiss = np.diff(np.random.default_rng(1).uniform(-1, 1, samples + 1))
        mixed = (1 - noise) * body + noise * hiss
        return np.asarray(mixed * envelope(samples, rate_hz, 0.001, decay_s), dtype=np.float32)

    return play


class Mix:
    """A stereo (or mono) recording of a fixed length."""

    def __init__(self, seconds: float, rate_hz: int, channels: int = 2) -> None:
        self.rate_hz = rate_hz
        self.sound = np.zeros((round(seconds * rate_hz), channels), dtype=np.float32)

    def play(
        self, notes: Iterable[Note], voice: Voice, beat_s: float, *, gain: float, pan: float = 0.0, ring_s: float = 0.0
    ) -> None:
        """Add notes. `pan`: −1 left to 1 right; `ring_s`: how much longer than written each note sounds."""
        drums: dict[int, Sound] = {}
        for note in notes:
            samples = max(64, round((note.beats * beat_s + ring_s) * self.rate_hz))
            if note.pitch == 0 and samples not in drums:
                drums[samples] = voice(0.0, samples, self.rate_hz)
            sound = drums[samples] if note.pitch == 0 else voice(hertz(note.pitch), samples, self.rate_hz)
            self.add(sound * (gain * note.velocity), round(note.start * beat_s * self.rate_hz), pan)

    def add(self, sound: Sound, at: int, pan: float = 0.0) -> None:
        """Add a sound from sample `at` on; what lies beyond the end is lost."""
        room = self.sound[at : at + len(sound)]
        if self.sound.shape[1] == 1:
            room[:, 0] += sound[: len(room)]
            return
        for channel, share in enumerate((1 - pan, 1 + pan)):
            room[:, channel] += sound[: len(room)] * share

    def echo(self, delay_s: float, feedback: float, times: int = 4) -> None:
        """Repeat everything ever softer, crossing the channels: a small room."""
        delay = round(delay_s * self.rate_hz)
        dry = self.sound.copy()
        for n in range(1, times + 1):
            if delay * n >= len(dry):
                return
            self.sound[delay * n :] += feedback**n * dry[: -delay * n, ::-1]

    def wav(self, fade_s: float = 0.5, peak: float = 0.8) -> bytes:
        """The recording as a 16-bit WAV file, faded out at its end."""
        fade = min(len(self.sound), round(fade_s * self.rate_hz))
        if fade:
            self.sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
        loudest = float(np.abs(self.sound).max(initial=1e-9))
        whole = (self.sound * (peak * 32767 / loudest)).astype("<i2")
        return wav_bytes(whole.tobytes(), self.rate_hz, self.sound.shape[1])


def wav_bytes(frames: bytes, rate_hz: int, channels: int) -> bytes:
    """16-bit frames as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(frames)
    return file.getvalue()
