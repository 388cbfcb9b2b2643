"""What `arena-export` and `arena-train` share: a release is verified, worked on, and what goes wrong is a sentence."""

import sys
from collections.abc import Callable
from typing import Final

from data_releases.found import NotVerified, Verified
from data_releases.source import SourceError, open_source
from data_releases.verify import verify

DONE: Final = 0
MISMATCH: Final = 1
UNUSABLE: Final = 2


def status_of(where: str, work: Callable[[Verified], None], *refusals: type[Exception]) -> int:
    """Verify a release but for its clips, and work on it.

    Args:
        where: folder or address of the release.
        work: is given what was found, problems too; raises NotVerified where there are any.
        refusals: what `work` raises where the release does not hold what it needs.

    Returns:
        The exit status: 0 done, 1 the release does not verify, 2 it cannot be read or used.
    """
    unusable: tuple[type[Exception], ...] = (SourceError, OSError, *refusals)
    try:
        with open_source(where) as source:
            # Nothing is made of the clips.
            work(verify(source, audio=False))
    except NotVerified as error:
        print(f"MISMATCH {error}", file=sys.stderr)
        return MISMATCH
    except unusable as error:
        print(f"{where}: {type(error).__name__}: {error}", file=sys.stderr)
        return UNUSABLE
    return DONE
