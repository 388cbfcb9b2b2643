"""What a check of a release found. Pure.

Exception
└── NotVerified     the release is not what it says; nothing is made from it
"""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa


class NotVerified(Exception):
    """The release is not what it says."""


@dataclass(slots=True)
class Verified:
    """What was found: problems as (file, sentence); none means that the release holds what it says."""

    manifest: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def say(self, path: str, problem: str) -> None:
        """Note a problem of a file."""
        self.problems.append((path, problem))

    def require_good(self) -> None:
        """Raises NotVerified, which names the first file with a problem."""
        if self.problems:
            path, problem = self.problems[0]
            raise NotVerified(f"{path}: {problem}")
