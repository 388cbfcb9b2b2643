"""One piece of music in six formats: what a browser receives beside the sound does not say which was which.

`make bench-blindness` lets a classifier guess over many battles; here is what it would find, one by one.
"""

import functools

import numpy as np
import pytest

from arena.media import audio
from tests.media.decoding import decoded_here
from tests.media.formats import CANARY, NAMES, sent
from tests.media.frames import headers_of
from tests.media.sounds import melody

SECONDS = 5
PIECE = melody(6, seed=11, level=1.0)


@functools.cache
def _clip(name):
    with decoded_here(sent(name, PIECE)) as found:
        return audio.profiled(found.samples(SECONDS), SECONDS)


CLIPS = pytest.mark.parametrize("name", NAMES)


def test_all_files_have_one_size_and_one_length():
    assert {(len(_clip(name).data), _clip(name).duration_s) for name in NAMES} == {(len(_clip("wav").data), SECONDS)}


@CLIPS
def test_all_frames_of_all_files_have_one_head(name):
    # No tag and no list of frames before them, and no frame in which both channels are joined: music of one channel
    # would have these alone.
    assert set(headers_of(_clip(name).data)) == {b"\xff\xfb\xb4\x04"}


@CLIPS
def test_no_file_says_what_its_source_said_of_itself(name):
    assert not any(mark in _clip(name).data for mark in (b"ID3", b"APETAGEX", b"Info", b"Xing", CANARY))


@CLIPS
def test_the_waveform_has_one_shape_and_one_scale_whatever_the_music_came_in(name):
    heights, others = (np.array(_clip(one).peaks) for one in (name, "wav"))
    assert len(heights) == audio.PEAKS
    assert (heights.min() >= 0, heights.max()) == (True, 100)
    # Half a bucket of another start, or another scale, would be more.
    assert np.abs(heights - others).mean() < 2.5


def test_a_file_is_a_function_of_its_samples_alone():
    assert audio.encoded(PIECE) == audio.encoded(PIECE.copy())
