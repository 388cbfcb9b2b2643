"""Foreign bytes are decoded in a process that can hurt nobody; what is no music fails by name.

What becomes of the bytes is asked of the decoder itself, here; a process of its own is for what only that can show.
"""

import io
import random
import struct
import subprocess
import sys
import time
from functools import cache, partial

import numpy as np
import pytest
import soundfile

from arena.media import audio, decode, decoder
from arena.media.errors import BY_NAME
from tests.bench.peak import with_added_mb
from tests.media.decoding import decoded_here
from tests.media.sounds import as_file, melody


@cache
def music():
    return melody(8)


@cache
def file_of(name):
    """The music in a format; made by the first test that asks, not by every process that collects."""
    return FORMATS[name]()


def _bare_mp3():
    """Nothing in it says how long it is."""
    return audio.profiled(music(), 8).data


FORMATS = {
    "wav": lambda: as_file(music()),
    "float": lambda: as_file(music(), subtype="FLOAT"),
    "flac": lambda: as_file(music(), kind="FLAC"),
    "vorbis": lambda: as_file(music(), kind="OGG", subtype="VORBIS"),
    "mp3": lambda: as_file(music(), kind="MP3"),
    "bare mp3": _bare_mp3,
    "bare mp3 with a tag": lambda: file_of("bare mp3") + b"TAG".ljust(128, b"\0"),
    "mono at 22 kHz": lambda: as_file(melody(8, rate_hz=22_050)[:, :1], 22_050, kind="MP3"),
    "eight channels": lambda: as_file(np.repeat(music()[:, :1], 8, axis=1)),
    "opus": lambda: as_file(music(), kind="OGG", subtype="OPUS"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_becomes_stereo_at_48_khz(name):
    with decoded_here(file_of(name)) as found:
        samples = found.samples(5)
        assert found.music_s == pytest.approx(8, abs=1.7)
    assert samples.shape == (5 * 48_000, 2)
    assert 0.05 < np.abs(samples).max() < 1


@pytest.mark.parametrize("name", ["mp3", "vorbis", "opus"])
def test_music_has_no_gaps_where_one_block_ends_and_the_next_begins(name):
    whole, _rate = soundfile.read(io.BytesIO(file_of(name)), dtype="float32")
    with decoded_here(file_of(name)) as found:
        start = round(found.lead_s * 48_000)
        np.testing.assert_allclose(found.samples(6), whole[start : start + 6 * 48_000], atol=1e-4)


def _nan():
    samples = music().copy()
    samples[100_000] = np.nan
    return as_file(samples, subtype="FLOAT")


def _lying_header():
    """A header that says two gigabytes."""
    return file_of("wav")[:40] + struct.pack("<I", 2_000_000_000) + file_of("wav")[44:]


def half_of(name):
    return file_of(name)[: len(file_of(name)) // 2]


# The same at every run: some random bytes hold a short piece of MP3, which is refused by another name.
NOISE = random.Random(4).randbytes(200_000)
BAD = {
    "a page": (lambda: b"<html><body>busy</body></html>" * 50, "NotAudio"),
    "nothing": (lambda: b"", "NotAudio"),
    "noise": (lambda: NOISE, "NotAudio"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + NOISE[:50_000], "NotAudio"),
    "half a wave": (lambda: half_of("wav"), "ClipTruncated"),
    "half an mp3": (lambda: half_of("mp3"), "ClipTruncated"),
    "a bare mp3 without its last bytes": (lambda: file_of("bare mp3")[:-100], "ClipTruncated"),
    "half an ogg": (lambda: half_of("vorbis"), "ClipTruncated"),
    "half a flac": (lambda: half_of("flac"), ("ClipTruncated", "NotAudio")),
    "a lying header": (_lying_header, "ClipTruncated"),
    "silence": (lambda: as_file(music() * 0), "Silent"),
    "almost silence": (lambda: as_file(music() * 0.001, subtype="FLOAT"), "Silent"),
    "a second": (lambda: as_file(music()[:48_000]), "TooShort"),
    "no numbers": (_nan, "NotFinite"),
    "a rate nobody hears": (lambda: as_file(music(), 400_000), "NotAudio"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_music_fails_by_name_and_takes_no_memory(name):
    make, expected = BAD[name]
    error, added_mb = with_added_mb(partial(_error_of, decoded_here, make()))
    assert error in (expected if isinstance(expected, tuple) else (expected,))
    assert added_mb < 150


@pytest.mark.parametrize("name", ["a page", "no numbers"])
def test_the_worker_hears_the_name_from_the_process_and_spends_no_memory(name):
    make, expected = BAD[name]
    error, added_mb = with_added_mb(partial(_error_of, decode.decoded, [make()]))
    assert error == expected
    assert added_mb < 150


@pytest.mark.parametrize("name", ["flac", "mp3"])
def test_the_worker_gets_from_the_process_what_the_decoder_makes(name):
    with decode.decoded([file_of(name)]) as got, decoded_here(file_of(name)) as made:
        assert (got.lead_s, got.clip_s, got.music_s) == (made.lead_s, made.clip_s, made.music_s)
        np.testing.assert_array_equal(got.samples(6), made.samples(6))


def _error_of(decoding, data):
    with pytest.raises(tuple(BY_NAME.values())) as caught, decoding(data):
        pass
    return type(caught.value).__name__


#: The most that any child of a process took is one figure: only a fresh process has no other children.
JUDGE = """
import resource, sys
from arena.media import decode, errors
from tests.bench.peak import with_added_mb
def name():
    try:
        with decode.decoded([open(sys.argv[1], "rb").read()]):
            return "decoded"
    except errors.ClipError as error:
        return type(error).__name__
print(*with_added_mb(name), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_the_decoder_and_its_worker_stay_small_however_long_the_music_in_the_file_is(tmp_path):
    bomb = tmp_path / "bomb"
    # 15 minutes of nothing in some kilobytes.
    bomb.write_bytes(as_file(np.zeros((7_200_000, 1), dtype=np.int16), 8_000, kind="FLAC"))
    assert bomb.stat().st_size < 1_000_000
    judge = [sys.executable, "-c", JUDGE, str(bomb)]
    told = subprocess.run(judge, cwd=decode.ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    name, added_mb, peak_kb = told.split()
    assert name == "TooLong"
    assert float(added_mb) < 150
    # 15 minutes as samples are 340 MB, and the ten that are read 230 MB.
    assert int(peak_kb) < 100_000


def test_leading_silence_is_left_out_so_that_no_delay_tells_an_encoder():
    late = np.concatenate([np.zeros((30_000, 2), dtype=np.float32), music()])
    with decoded_here(as_file(late)) as found:
        assert found.lead_s == pytest.approx(30_000 / 48_000, abs=0.05)
        assert np.abs(found.samples(5)[:480]).max() > 0.001


@pytest.mark.parametrize("level", [0.9, 0.03])
def test_how_loud_a_system_makes_its_music_does_not_say_where_the_music_begins(level):
    swell = melody(8, level=1.0) * np.linspace(0, 1, 8 * 48_000, dtype=np.float32)[:, None]
    heights = np.abs(swell).max(axis=1)
    begins_s = float(np.argmax(heights > decoder.LEAD_BELOW * heights.max())) / 48_000
    with decoded_here(as_file(level * swell, subtype="FLOAT")) as found:
        # Steps of a decibel.
        assert found.lead_s == pytest.approx(begins_s, rel=0.15)
        assert found.clip_s == pytest.approx(8 - found.lead_s, abs=0.001)


def test_what_begins_later_than_anybody_waits_begins_then():
    late = np.concatenate([np.zeros((7 * 48_000, 2), dtype=np.float32), music()])
    with decoded_here(as_file(late)) as found:
        assert (found.lead_s, found.music_s) == (5.0, 10.0)


def test_a_decoder_that_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(decode, "WALL_S", 0.2)
    monkeypatch.setattr(decode, "PROGRAM", ("-c", "import time; time.sleep(30)"))
    started = time.monotonic()
    with pytest.raises(BY_NAME["TooExpensive"]), decode.decoded([file_of("wav")]):
        pass
    assert time.monotonic() - started < 10


def test_a_decoder_that_needs_too_much_fails_as_too_expensive(monkeypatch, tmp_path):
    # The real limits in a real child, only smaller.
    program = tmp_path / "small.py"
    program.write_text(
        "import sys\nfrom arena.media import decoder\ndecoder.CPU_S = 1\n"
        "decoder.decode = lambda source, target: [0 for _ in iter(int, 1)]\nsys.exit(decoder.main(*sys.argv[1:]))\n"
    )
    monkeypatch.setattr(decode, "PROGRAM", (str(program),))
    monkeypatch.setitem(decode.ENVIRONMENT, "PYTHONPATH", str(decode.ROOT))
    with pytest.raises(BY_NAME["TooExpensive"]), decode.decoded([file_of("wav")]):
        pass


def test_the_decoder_gets_no_secret_and_may_write_no_more_than_a_clip():
    assert set(decode.ENVIRONMENT) == {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "LC_ALL"}
    assert decoder.MAX_CLIP_S * 48_000 * 8 < 100_000_000
