"""Texts that attack whoever shows them: each would call `hit(N)` or fetch from `evil.example` if something let it.

`PAYLOADS` holds whole attacks, one string each, without blank lines inside, so that joining them by blank lines leaves
each in a Markdown block of its own. `N` is the payload's number.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

EVIL: Final = "https://evil.example"
_CODE: Final = "hit({n})"

#: By what makes them work: elements that run code or load something by themselves; handlers that fire by themselves,
#: or as soon as somebody touches the element; what breaks out of places where text is put (attributes, comments, raw
#: text, foreign content, templates); Markdown that becomes an element. The front end's tests read the same file.
_SHAPES: Final = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))


def _payloads() -> Iterator[str]:
    for n, shape in enumerate(itertools.chain.from_iterable(_SHAPES.values())):
        yield shape.format(n=n, code=_CODE.format(n=n), evil=EVIL)


PAYLOADS: Final = tuple(_payloads())
