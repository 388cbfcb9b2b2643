"""The English dialogues of chatterbot-corpus (BSD-3-Clause), as pairs of what was said and what was answered."""

from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

import yaml


@lru_cache(maxsize=1)
def pairs() -> tuple[tuple[str, str], ...]:
    """(said, answered) pairs in the order of the files. Needs the package `chatterbot-corpus`."""
    folder = files("chatterbot_corpus").joinpath("data", "english")
    found: dict[tuple[str, str], None] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yml"):
            # The loader in C is twenty times faster where libyaml is there.
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            for dialogue in yaml.load(file.read_bytes(), Loader=loader)["conversations"]:  # noqa: S506 - a safe loader
                found.update(dict.fromkeys(_neighbours(dialogue)))
    return tuple(found)


def _neighbours(dialogue: list[Any]) -> list[tuple[str, str]]:
    lines = [" ".join(str(line).split()) for line in dialogue]
    # Lines of program text make no sense outside their dialogue.
    return [pair for pair in pairwise(lines) if all(pair) and "```" not in "".join(pair)]
