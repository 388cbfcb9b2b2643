"""The end of a benchmark that judges what it saw."""

import json
import sys
from collections.abc import Mapping
from typing import Any


def conclude(figures: Mapping[str, Any], wrong: Mapping[str, bool]) -> None:
    """Print the figures as the last line of standard output, and what is wrong on standard error.

    Args:
        figures: of the benchmark.
        wrong: sentence → whether it is true.

    Raises:
        SystemExit: 1, where one is true.
    """
    true = [sentence for sentence, is_true in wrong.items() if is_true]
    for sentence in true:
        print(f"FAILED: {sentence}", file=sys.stderr)  # noqa: T201
    print(json.dumps({**figures, "failed": true}), flush=True)  # noqa: T201
    if true:
        sys.exit(1)
