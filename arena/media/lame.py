"""MP3 by LAME, with settings that no Python package offers. Samples in, bytes out.

Whatever a clip is made of, its frames look alike: a constant rate, and both channels coded apart. An encoder that may
join them does so in every frame of music that came in one channel, and says so in the frame's header. No tag is
written, and no frame that describes the others.

The library is the one inside the wheel of `lameenc`, whose own interface has no word for the mode of the channels.
Spoken is LAME's own C interface (`lame.h`), which that wheel exports.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: `MPEG_mode_e`: both channels apart, always.
_STEREO: Final = 0
_VBR_OFF: Final = 0
_CHANNELS: Final = 2
_BLOCK_FRAMES: Final = 65_536
#: What `lame.h` asks for the worst case of a block.
_ROOM_BYTES: Final = int(1.25 * _BLOCK_FRAMES) + 7200


class EncoderFailed(RuntimeError):
    """LAME refused its settings or a block; the message has its code."""


@cache
def _library() -> ctypes.CDLL:
    spec = find_spec("lameenc")
    if spec is None or spec.origin is None:
        raise EncoderFailed("the package lameenc is not installed")
    library = ctypes.CDLL(spec.origin)
    library.lame_init.restype = ctypes.c_void_p
    return library


@contextmanager
def _encoder(rate_hz: int, rate_kbps: int) -> Iterator[ctypes.c_void_p]:
    lame = _library()
    handle = ctypes.c_void_p(lame.lame_init())
    settings = {
        "num_channels": _CHANNELS,
        "in_samplerate": rate_hz,
        "out_samplerate": rate_hz,
        "mode": _STEREO,
        "VBR": _VBR_OFF,
        "brate": rate_kbps,
        "bWriteVbrTag": 0,
    }
    try:
        for name, value in settings.items():
            _require(getattr(lame, f"lame_set_{name}")(handle, value))
        _require(lame.lame_init_params(handle))
        yield handle
    finally:
        lame.lame_close(handle)


def _require(code: int) -> int:
    if code < 0:
        raise EncoderFailed(str(code))
    return code


def encoded(samples: NDArray[np.float32], rate_hz: int, rate_kbps: int) -> bytes:
    """MP3 at a constant rate; `samples`: shape (frames, 2), full scale at 1.

    Raises:
        EncoderFailed: see there.
    """
    lame, room = _library(), ctypes.create_string_buffer(_ROOM_BYTES)
    parts: list[bytes] = []

    def keep(call: Any, *arguments: Any) -> None:
        size = _require(call(*arguments, room, _ROOM_BYTES))
        parts.append(room.raw[:size])

    with _encoder(rate_hz, rate_kbps) as handle:
        for start in range(0, len(samples), _BLOCK_FRAMES):
            block = np.ascontiguousarray(samples[start : start + _BLOCK_FRAMES], dtype=np.float32)
            address = block.ctypes.data_as(ctypes.c_void_p)
            keep(lame.lame_encode_buffer_interleaved_ieee_float, handle, address, len(block))
        keep(lame.lame_encode_flush, handle)
    return b"".join(parts)
