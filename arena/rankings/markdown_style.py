"""How an output looks: amounts that style control takes as covariates. Pure.

A reading of Markdown by lines, close to what a reader sees: fenced code is counted as blocks and not searched for
headings, lists or bold; a token is a word, a number, a sign, or one character of a script without spaces.
"""

import re
from dataclasses import astuple, dataclass, fields
from typing import Final

_FENCE: Final = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}(\s|$)")
_LIST: Final = re.compile(r"^\s*([-*+]|\d{1,9}[.)])\s+\S")
_BOLD: Final = re.compile(r"(\*\*|__)(?=\S).{1,500}?(?<=\S)\1")
#: Han, kana and the like have no spaces between words.
_TOKEN: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0eff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\w\s]"
)


@dataclass(frozen=True, slots=True)
class Covariates:
    """Amounts in one output; `code` counts fenced blocks."""

    tokens: int
    headings: int
    lists: int
    bold: int
    code: int

    def amounts(self) -> tuple[int, ...]:
        """In the order of `NAMES`."""
        return astuple(self)


NAMES: Final = tuple(field.name for field in fields(Covariates))


def covariates(markdown: str) -> Covariates:
    """Count what is there; reads each line once."""
    headings = items = bold = code = 0
    fence = ""
    for line in markdown.splitlines():
        mark = _FENCE.match(line)
        if mark and not fence:
            fence, code = mark[1], code + 1
        elif fence:
            if mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not line.strip(" `~"):
                fence = ""
        else:
            headings += bool(_HEADING.match(line))
            items += bool(_LIST.match(line))
            bold += sum(1 for _span in _BOLD.finditer(line))
    return Covariates(sum(1 for _token in _TOKEN.finditer(markdown)), headings, items, bold, code)
