"""Every clip has one loudness, one ceiling, one format and, for one length, one number of bytes."""

import math
import tracemalloc
from functools import cache

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from arena.media import audio
from arena.media.errors import Silent, Unlevelled
from arena.media.lengths import common_length_s
from arena.router.lengths import DEFAULT_S, MOST_S
from tests.media.sounds import RATE_HZ, melody

SECONDS = 4


@cache
def usual():
    """A melody at the profile, made once for all who only look at it."""
    return audio.profiled(melody(SECONDS), SECONDS)


def _clicks():
    samples = np.zeros((SECONDS * RATE_HZ, 2), dtype=np.float32)
    samples[::RATE_HZ] = 0.9
    return samples


def _bursts():
    noise = np.random.default_rng(3).standard_normal((SECONDS * RATE_HZ, 2)).astype(np.float32)
    return noise * (np.arange(len(noise)) // 4_800 % 5 == 0)[:, None]


KINDS = {
    "quiet": lambda: melody(SECONDS, level=0.01),
    "loud": lambda: np.clip(melody(SECONDS, level=0.9) * 20, -1, 1),
    "one side": lambda: melody(SECONDS) * np.array([1, 0], dtype=np.float32),
    "bursts": _bursts,
    "noise": lambda: np.random.default_rng(1).standard_normal((SECONDS * RATE_HZ, 2)).astype(np.float32) * 0.3,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_heard_is_level_and_below_the_ceiling(kind):
    clip = audio.profiled(KINDS[kind](), SECONDS)
    heard = audio.decoded(clip.data)
    assert audio.loudness_lufs(heard) == pytest.approx(-16, abs=0.5)
    assert audio.true_peak_dbtp(heard) <= -1
    assert heard.shape[0] >= SECONDS * RATE_HZ


def test_clips_of_one_length_have_one_number_of_bytes_and_no_tags():
    clips = [usual().data, audio.profiled(melody(9, seed=4, level=0.02), SECONDS).data]
    assert len(clips[0]) == len(clips[1])
    for clip in clips:
        assert clip[:2] == b"\xff\xfb"
        assert not any(tag in clip for tag in (b"ID3", b"TAG", b"APETAGEX"))
    # The first frame tells the encoder and its delay: the same for both.
    assert clips[0][:4] == clips[1][:4]


def test_music_that_is_a_frame_short_of_its_length_is_filled_up():
    music = melody(SECONDS)
    assert len(audio.cut(music[:-3], SECONDS)) == len(audio.cut(music, SECONDS)) == SECONDS * RATE_HZ


def test_a_cut_clip_begins_and_ends_in_silence():
    whole = audio.cut(np.ones((9 * RATE_HZ, 2), dtype=np.float32), SECONDS)
    assert whole[0] == pytest.approx([0, 0], abs=1e-6)
    assert whole[-1] == pytest.approx([0, 0], abs=1e-6)
    assert whole[RATE_HZ] == pytest.approx([1, 1])


def test_silence_and_lone_clicks_are_refused_by_name():
    with pytest.raises(Silent):
        audio.profiled(np.zeros((SECONDS * RATE_HZ, 2), dtype=np.float32), SECONDS)
    with pytest.raises(Unlevelled):
        audio.profiled(_clicks(), SECONDS)


@pytest.mark.parametrize(("frequency_hz", "phase"), [(997, 0.0), (12_000, math.pi / 4)])
def test_the_true_peak_is_that_of_the_wave_and_not_of_its_samples(frequency_hz, phase):
    at = np.arange(2 * RATE_HZ) / RATE_HZ
    wave = (0.5 * np.sin(2 * np.pi * frequency_hz * at + phase))[:, None].repeat(2, 1).astype(np.float32)
    assert audio.true_peak_dbtp(wave) == pytest.approx(20 * math.log10(0.5), abs=0.2)


def test_a_limited_clip_is_the_same_however_many_frames_are_looked_at_at_once(monkeypatch):
    music = KINDS["loud"]()
    at_once = audio.levelled(music, audio.loudness_lufs(music), -10, -1)
    monkeypatch.setattr(audio, "_BLOCK", RATE_HZ)
    assert np.abs(audio.levelled(music, audio.loudness_lufs(music), -10, -1) - at_once).max() < 1e-4


def test_a_clip_is_prepared_in_three_times_its_own_memory():
    # What a block needs does not grow with the clip: it is left out by the difference of two lengths.
    usual()  # imports take memory, too
    most_bytes = {}
    for seconds in (10, 15):
        music = 2 * melody(seconds)
        tracemalloc.start()
        audio.profiled(music, seconds)
        most_bytes[seconds] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most_bytes[15] - most_bytes[10] < 3 * 5 * RATE_HZ * 2 * np.dtype(np.float32).itemsize


def test_loudness_is_that_of_the_reference_tone():
    # ITU-R BS.1770: a full-scale 997 Hz sine in one channel reads −3.01 LKFS.
    at = np.arange(5 * RATE_HZ) / RATE_HZ
    tone = np.zeros((len(at), 2), dtype=np.float32)
    tone[:, 0] = np.sin(2 * np.pi * 997 * at)
    assert audio.loudness_lufs(tone) == pytest.approx(-3.01, abs=0.1)


def test_a_waveform_has_at_most_400_heights_and_its_highest_is_100():
    heights = audio.waveform(melody(SECONDS))
    assert len(heights) == 400
    assert max(heights) == 100
    assert min(heights) >= 0
    assert audio.waveform(melody(SECONDS, level=0.01)) == pytest.approx(heights, abs=1)


LENGTHS = st.floats(min_value=5, max_value=180)


def test_a_clip_that_is_a_little_short_is_as_long_as_a_vote_needs():
    assert common_length_s([4.9, 7.0], 5.0) == 5.0


@given(left=LENGTHS, right=LENGTHS, wish=st.none() | st.floats(min_value=5, max_value=300))
def test_both_clips_get_a_length_that_neither_lacks_and_that_says_nothing_of_either(left, right, wish):
    length = common_length_s([left, right], wish)
    assert length == common_length_s([right, left], wish)
    assert length <= min(left, right, wish or DEFAULT_S, MOST_S) + 0.05
    assert length >= 0.66 * min(left, right, wish or DEFAULT_S, MOST_S)
    assert length == round(length)


def test_the_encoder_gives_the_rate_that_is_promised():
    clip = usual()
    assert len(clip.data) * 8 / 1000 / (len(audio.decoded(clip.data)) / RATE_HZ) == pytest.approx(192, rel=0.02)
    assert soundfile.__libsndfile_version__ >= "1.2.2"
