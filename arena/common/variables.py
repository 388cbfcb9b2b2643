"""Variables of the environment as typed values, each also from the file that NAME_FILE names. Pure.

VariableError    a value cannot be read; the message names the variable
"""

import os
from pathlib import Path
from typing import Final

_FLAGS: Final = {
    **dict.fromkeys(("1", "t", "true", "y", "yes", "on"), True),
    **dict.fromkeys(("0", "f", "false", "n", "no", "off"), False),
}


class VariableError(ValueError):
    """A value cannot be read; the message names the variable."""


class Variables:
    """Reads variables, and remembers in `names` which. A default is for one that is not set, not for an empty one.

    Raises:
        VariableError: by every method.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()

    def text(self, name: str, default: str) -> str:
        """The value as it is; what comes from a file, without white space around it."""
        found = self._given(name)
        return default if found is None else found

    def words(self, name: str, default: list[str]) -> list[str]:
        """The parts between commas."""
        found = self._given(name)
        return default if found is None else found.split(",") if found else []

    def whole(self, name: str, default: int) -> int:
        """A whole number."""
        found = self._given(name)
        try:
            return default if found is None else int(found)
        except ValueError:
            raise VariableError(f"{name}: {found!r} is no whole number.") from None

    def flag(self, name: str, default: bool) -> bool:
        """Whether it is on."""
        found = self._given(name)
        if found is not None and found.lower() not in _FLAGS:
            raise VariableError(f"{name}: {found!r} is neither 1 nor 0.")
        return default if found is None else _FLAGS[found.lower()]

    def _given(self, name: str) -> str | None:
        self.names.add(name)
        return given(name)


def given(name: str) -> str | None:
    """The value of the variable, or of the file that NAME_FILE names; None where neither is set.

    Raises:
        VariableError: the file cannot be read.
    """
    file = os.environ.get(f"{name}_FILE")
    if not file:
        return os.environ.get(name)
    try:
        # An editor ends a file with a newline that is no part of the secret.
        return Path(file).read_text("utf-8").strip()
    except (OSError, ValueError):
        raise VariableError(f"{name}_FILE: {file} is no text file that can be read.") from None
