"""Variables of an environment, each also as a file named by NAME_FILE."""

from collections.abc import Mapping
from pathlib import Path


def given(environ: Mapping[str, str], name: str) -> str | None:
    """The value that `environ` gives for `name`, or for the file in NAME_FILE; None where it gives none."""
    file = environ.get(f"{name}_FILE")
    return Path(file).read_text(encoding="utf-8").strip() if file else environ.get(name) or None
