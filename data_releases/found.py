"""What a check of a release found. Pure."""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa


@dataclass(slots=True)
class Verified:
    """What was found: problems as (file, sentence); none means that the release holds what it says."""

    manifest: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def say(self, path: str, problem: str) -> None:
        """Note a problem of a file."""
        self.problems.append((path, problem))
