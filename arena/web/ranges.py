"""The `Range` header of a request, as far as files need it (RFC 9110, section 14). Pure.

Unsatisfiable   the range lies outside of the file
"""

import re
from typing import Final

_ONE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Unsatisfiable(Exception):
    """No byte of the file is in the range."""


def wanted_part(header: str, size: int) -> tuple[int, int] | None:
    """(first byte, byte after the last) that a header asks for of a file of `size` bytes.

    Returns:
        None where the whole file is to be sent: no header, another unit, several ranges, or none that makes sense.

    Raises:
        Unsatisfiable: see there.
    """
    found = _ONE.fullmatch(header.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size
    start, stop = int(first), size if not last else min(int(last) + 1, size)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return start, stop
