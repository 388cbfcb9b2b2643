"""Why audio of a system is no clip. Framework-free.

PermanentError (arena.systems.backends.base)
└── ClipError               what the system gave cannot be played to anybody
    ├── NotAudio            no format that is accepted, or rubbish inside of one
    ├── ClipTruncated       the file ends before its music does
    ├── NotFinite           samples that are no numbers
    ├── Silent              nothing to hear
    ├── TooShort            less than can be judged
    ├── TooLong             more seconds than anybody may send: a bomb, or a mistake
    ├── TooExpensive        decoding took more time or memory than it may: a bomb
    ├── Unlevelled          so sparse that no gain brings it to the common loudness
    └── ClipLost            the object store does not have it any more
"""

from typing import Final

from arena.systems.backends.base import PermanentError


class ClipError(PermanentError):
    """What the system gave cannot be played to anybody."""


class NotAudio(ClipError):
    """No format that is accepted, or rubbish inside of one."""


class ClipTruncated(ClipError):
    """The file ends before its music does."""


class NotFinite(ClipError):
    """Samples that are no numbers."""


class Silent(ClipError):
    """Nothing to hear."""


class TooShort(ClipError):
    """Less than can be judged."""


class TooLong(ClipError):
    """More seconds than anybody may send."""


class TooExpensive(ClipError):
    """Decoding took more time or memory than it may."""


class Unlevelled(ClipError):
    """So sparse that no gain brings it to the common loudness."""


class ClipLost(ClipError):
    """The object store does not have it any more."""


BY_NAME: Final[dict[str, type[ClipError]]] = {kind.__name__: kind for kind in ClipError.__subclasses__()}
