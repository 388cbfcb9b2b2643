"""The instrumental contenders: a small band, a chiptune console, a pad machine. They never sing."""

from typing import Final

from arena.systems.backends.base import AudioClip, GenerationRequest
from arena.systems.offline.music import synth
from arena.systems.offline.music.score import Note, Score, compose

WAV: Final = "audio/wav"
#: The console plays loops of one length.
CHIPTUNE_S: Final = 30.0

_PIANO: Final = synth.instrument(synth.table([1, 0.5, 0.35, 0.15, 0.1, 0.05]), 0.004, 0.7)
_PLUCK: Final = synth.instrument(synth.table([1, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1]), 0.002, 0.35)
_LEAD: Final = synth.instrument(synth.table([1 / n for n in range(1, 12)]), 0.01, 0.5, 0.5, 0.006)
_BASS: Final = synth.instrument(synth.table([1, 0.6, 0.2, 0.1]), 0.006, 0.5, 0.2)
_STRINGS: Final = synth.instrument(synth.table([1, 0.4, 0.3, 0.15, 0.1]), 0.35, 3.0, 0.7, 0.004)
_GLASS: Final = synth.instrument(synth.table([1, 0, 0.2, 0, 0, 0.08]), 0.05, 1.4)
_SQUARE: Final = synth.instrument(synth.table([1 / n if n % 2 else 0 for n in range(1, 16)]), 0.002, 0.25, 0.4)
_PULSE: Final = synth.instrument(synth.table([1 / n if n % 4 else 0 for n in range(1, 16)]), 0.002, 0.2, 0.3)
_TRIANGLE: Final = synth.instrument(synth.table([1 / n**2 if n % 2 else 0 for n in range(1, 9)]), 0.002, 0.4, 0.6)

_KICK: Final = synth.drum(48, 3.5, 0.05, 0.12)
_SNARE: Final = synth.drum(190, 0.5, 0.7, 0.08)
_HAT: Final = synth.drum(6000, 0, 0.95, 0.025)


def backing(score: Score, rate_hz: int, gain: float = 1.0) -> synth.Mix:
    """Bass, chords and drums of a score; also what the singer sings to."""
    mix, beat_s, soft = synth.Mix(score.seconds, rate_hz), score.beat_s, score.style.softness
    mix.play(score.bass, _BASS, beat_s, gain=0.5 * gain)
    chords = _STRINGS if soft > 0.55 else _PIANO
    mix.play(score.chords, chords, beat_s, gain=0.16 * gain, pan=-0.3, ring_s=0.2)
    hard = (1.2 - soft) * gain
    mix.play(score.kick, _KICK, beat_s, gain=0.9 * hard, ring_s=0.25)
    mix.play(score.snare, _SNARE, beat_s, gain=0.4 * hard, pan=0.1, ring_s=0.12)
    mix.play(score.hat, _HAT, beat_s, gain=0.2 * hard, pan=0.35)
    return mix


def band(request: GenerationRequest) -> AudioClip:
    """A band of five that plays what the prompt says, exactly as long as it says. Stereo, 44.1 kHz."""
    score = compose(request, "band")
    mix = backing(score, 44_100)
    lead = _PLUCK if score.style.softness > 0.5 else _LEAD
    mix.play(score.melody, lead, score.beat_s, gain=0.3, pan=0.2, ring_s=0.15)
    mix.echo(0.11, 0.25)
    return AudioClip(mix.wav(), WAV)


def chiptune(request: GenerationRequest) -> AudioClip:
    """Two pulse waves, a triangle and noise, as of an 8-bit console. Mono, 22.05 kHz, always 30 s."""
    score = compose(request, "chiptune", seconds=CHIPTUNE_S, high=76)
    mix, beat_s = synth.Mix(score.seconds, 22_050, channels=1), score.beat_s
    mix.play(score.melody, _SQUARE, beat_s, gain=0.4)
    mix.play(score.melody, _PULSE, beat_s, gain=0.1, ring_s=0.1)
    mix.play(_arpeggio(score), _PULSE, beat_s, gain=0.2)
    mix.play(score.bass, _TRIANGLE, beat_s, gain=0.6)
    for part, voice, gain in ((score.kick, _KICK, 0.6), (score.snare, _SNARE, 0.3), (score.hat, _HAT, 0.12)):
        mix.play(part, voice, beat_s, gain=gain)
    return AudioClip(mix.wav(fade_s=0.2), WAV)


def _arpeggio(score: Score) -> list[Note]:
    """The chords broken into sixteenths, as consoles with few voices did."""
    by_bar: dict[float, list[int]] = {}
    for note in score.chords:
        by_bar.setdefault(note.start, []).append(note.pitch + 12)
    return [
        Note(start + step / 4, 0.2, pitches[step % len(pitches)], 0.6)
        for start, pitches in by_bar.items()
        for step in range(16)
    ]


def pads(request: GenerationRequest) -> AudioClip:
    """Slow chords under a few bells, whatever the style: for those who asked for calm. Stereo, 48 kHz."""
    score = compose(request, "pads", high=79)
    mix, beat_s = synth.Mix(score.seconds, 48_000), score.beat_s
    mix.play(score.chords, _STRINGS, beat_s, gain=0.2, pan=-0.4, ring_s=1.0)
    mix.play(score.chords[::3], _STRINGS, beat_s, gain=0.3, pan=0.4, ring_s=1.5)
    mix.play(score.melody[::2], _GLASS, beat_s, gain=0.25, ring_s=1.2)
    mix.echo(0.37, 0.45)
    return AudioClip(mix.wav(fade_s=2.0), WAV)
