"""Whether a file is whole, as far as its container says so. Pure.

libsndfile plays what is there and says nothing about what is not; so the sizes that a file declares of itself are
compared with what came. Files that declare none (streams of unknown length) count as whole.
"""

import struct
from collections.abc import Callable
from typing import Final

#: Written by programs that do not know the size yet.
_UNKNOWN_SIZES: Final = frozenset({0, 0x7FFFFFFF, 0x7FFFFFFF - 36, 0xFFFFFFFF, 0xFFFFFFFF - 8, 0xFFFFFFFF - 36})
_END_OF_STREAM: Final = 0x04
_HEAD_BYTES: Final = 4096
_TAIL_BYTES: Final = 65_536 + 282
_LAME_BYTES: Final = 16
#: Of MP3 frames: so many in a row are no accident.
_ROW_FRAMES: Final = 6
_SYNC: Final = 0x7FF
_LAYER_III: Final = 1
#: MPEG 1, 2 and 2.5 by their bits: how often the sampling rate is halved.
_HALVINGS: Final = {3: 0, 2: 1, 0: 2}
_HERTZ: Final = (44_100, 48_000, 32_000)
#: By the four bits of the rate; 0: a rate that the header does not tell, or none.
_KBPS: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_KBPS_HALVED: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)


def is_cut_short(head: bytes, tail: bytes, size: int) -> bool:
    """Whether a file of `size` bytes with this start and end lacks its end.

    Args:
        head: at least its first 4 KiB, or all of it.
        tail: at least its last 66 KiB, or all of it.
        size: bytes of the file.
    """
    check = _CHECKS.get(head[:4])
    if check is not None:
        return check(head, tail, size)
    return _mp3(head, tail, size)


def _riff(head: bytes, _tail: bytes, size: int) -> bool:
    at = 12
    while at + 8 <= len(head):
        (declared,) = struct.unpack_from("<I", head, at + 4)
        if head[at : at + 4] == b"data":
            return bool(declared not in _UNKNOWN_SIZES and at + 8 + declared > size)
        at += 8 + declared + declared % 2
    return at > size


def _ogg(_head: bytes, tail: bytes, _size: int) -> bool:
    last = tail.rfind(b"OggS")
    if last < 0 or last + 27 > len(tail):
        return True
    segments = tail[last + 26]
    table = tail[last + 27 : last + 27 + segments]
    whole = last + 27 + segments + sum(table) <= len(tail) and len(table) == segments
    ends = bool(tail[last + 5] & _END_OF_STREAM)
    return not (whole and ends)


def _mp3(head: bytes, tail: bytes, size: int) -> bool:
    """By the byte count of the Xing or Info header that encoders put into the first frame; else by the last frame."""
    for name in (b"Xing", b"Info"):
        at = head.find(name)
        if at < 0 or at + _LAME_BYTES > len(head):
            continue
        (flags,) = struct.unpack_from(">I", head, at + 4)
        if flags & 0x02:
            (declared,) = struct.unpack_from(">I", head, at + 8 + 4 * (flags & 0x01))
            return bool(size < declared - _HEAD_BYTES // 2)
    return _ends_inside_a_frame(tail)


def _ends_inside_a_frame(tail: bytes) -> bool:
    """Whether the last of a row of MP3 frames lacks its end. A file that is cut between two frames shows nothing."""
    at = tail.find(b"\xff")
    while at >= 0:
        frames, end = _walked(tail, at)
        if frames >= _ROW_FRAMES:
            return end > len(tail)
        at = tail.find(b"\xff", at + 1)
    return False


def _walked(data: bytes, at: int) -> tuple[int, int]:
    """From frame to frame: how many begin in `data`, and where the last one ends."""
    frames = 0
    while length := _frame_bytes(data, at):
        frames, at = frames + 1, at + length
    return frames, at


def _frame_bytes(data: bytes, at: int) -> int:
    """The length of the frame of MPEG audio, layer III, that begins here; 0: none does. By ISO 11172-3 and 13818-3."""
    if at + 4 > len(data):
        return 0
    (header,) = struct.unpack_from(">I", data, at)
    version, layer, rate, hertz = (header >> 19) & 3, (header >> 17) & 3, (header >> 12) & 15, (header >> 10) & 3
    if header >> 21 != _SYNC or version not in _HALVINGS or layer != _LAYER_III or hertz == len(_HERTZ):
        return 0
    halvings = _HALVINGS[version]
    kbps = (_KBPS_HALVED if halvings else _KBPS)[rate]
    samples_by_8 = 72 if halvings else 144
    return kbps and samples_by_8 * kbps * 1000 // (_HERTZ[hertz] >> halvings) + (header >> 9 & 1)


_CHECKS: Final[dict[bytes, Callable[[bytes, bytes, int], bool]]] = {b"RIFF": _riff, b"RF64": _riff, b"OggS": _ogg}
