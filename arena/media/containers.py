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
    return _mp3(head, size)


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


def _mp3(head: bytes, size: int) -> bool:
    """By the byte count of the Xing or Info header that encoders put into the first frame."""
    for name in (b"Xing", b"Info"):
        at = head.find(name)
        if at < 0 or at + _LAME_BYTES > len(head):
            continue
        (flags,) = struct.unpack_from(">I", head, at + 4)
        if flags & 0x02:
            (declared,) = struct.unpack_from(">I", head, at + 8 + 4 * (flags & 0x01))
            return bool(size < declared - _HEAD_BYTES // 2)
    return False


_CHECKS: Final[dict[bytes, Callable[[bytes, bytes, int], bool]]] = {b"RIFF": _riff, b"RF64": _riff, b"OggS": _ogg}
