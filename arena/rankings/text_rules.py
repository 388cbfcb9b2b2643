"""What a text battle was about: rules over its prompts. Pure; the same text always gives the same categories.

The rules are plain patterns: anybody can read why a battle is where it is, and an old one can be looked at again.
Every repetition is bounded, as prompts are written by strangers. A change here that can change a result raises the
version in `sorting.SORTING`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from arena.rankings.categories import Category

#: "Long" is about 500 tokens, as on other arenas.
LONG_CHARS: Final = 2_000
#: A prompt is hard if it shows this many of the signs below.
HARD_SIGNS: Final = 3


def by_prompts(prompts: Sequence[str], requirement: Mapping[str, Any]) -> frozenset[Category]:  # noqa: ARG001
    """The categories of a conversation, from its prompts up to the voted turn."""
    text = "\n\n".join(prompts)
    found = {category for category, rule in _RULES.items() if rule(text)}
    if len(prompts) > 1:
        found.add(Category.MULTI_TURN)
    if len(text) >= LONG_CHARS:
        found.add(Category.LONG)
    if _signs_of_difficulty(text, found) >= HARD_SIGNS:
        found.add(Category.HARD)
    return frozenset(found)


def _words(alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE)


_CODE_BLOCK: Final = re.compile(
    r"```|^[ \t]*(?:def |class |import |#include|function \w+\(|public static )", re.MULTILINE
)
_CODE_STRONG: Final = _words(
    r"python|javascript|typescript|c\+\+|c#|golang|rust code|sql|regex(?:p|es)?|html|css|bash script|"
    r"shell script|dockerfile|leetcode|stack ?trace|unit tests?|source code|pandas|numpy|django|"
    r"react component|segfault|traceback|select\s[^\n]{1,80}?\sfrom|programm(?:e|ing|ieren?)|refactor(?:ing)?"
)
_CODE_WEAK: Final = _words(
    r"code|function|script|algorithm[es]?|bug|debug|compile[rs]?|api|array|recursi(?:on|ve)|json|database|loop|"
    r"variable|git|linux|program|implement"
)
_MATHS_SIGNS: Final = re.compile(r"\\(?:frac|int|sum|sqrt|lim|begin\{)|\$[^$\n]{0,80}[\\^_=][^$\n]{0,80}\$|[∑∫√≤≥∞∂]")
_MATHS_EQUATION: Final = re.compile(
    r"(?:\d|\b[a-z])\s{0,2}[-+*/^=·\u00d7\u2212]\s{0,2}\(?\s{0,2}(?:\d|[a-z]\b)[^.?!\n]{0,40}=|\d\s{0,2}[*^\u00d7]\s{0,2}\d"
)
_MATHS_STRONG: Final = _words(
    r"integrals?|derivatives?|differentiate|equations?|theorems?|eigenvalues?|matri(?:x|ces)|polynomials?|"
    r"calculus|algebra|geometry|trigonometr\w+|prime numbers?|logarithms?|combinatorics|square root|"
    r"standard deviation|solve for [a-z]|mathemati\w+|équations?|gleichung(?:en)?|ecuaci(?:ón|ones)"
)
_MATHS_WEAK: Final = _words(
    r"prove|proof|probability|calculate|how many|percent(?:age)?|sum of|average|fractions?|divided by|"
    r"multipl(?:y|ied)|solve|remainder"
)
_KINDS_OF_WRITING: Final = (
    r"(?:stor(?:y|ies)|poems?|haikus?|sonnets?|limericks?|songs?|lyrics|novel|tales?|dialogue|screenplay|monologue|"
    r"ballad|verse|fable|satire|parody|joke|toast|speech|letter|slogan)"
)
_CREATIVE: Final = re.compile(
    rf"\b(?:write|compose|create|invent|make up|tell|continue|imagine)\b[^.?!\n]{{0,60}}\b{_KINDS_OF_WRITING}\b"
    r"|\b(?:écri[st]|écrivez|compose|invente|raconte)\b[^.?!\n]{0,40}\b(?:poème|histoire|conte|chanson|haïku|nouvelle)\b"
    r"|\b(?:schreibe?|erfinde|dichte|erzähle?)\b[^.?!\n]{0,40}\b(?:gedicht|geschichte|lied|märchen|haiku)\b"
    r"|\b(?:escribe|inventa|cuenta|compón)\b[^.?!\n]{0,40}\b(?:poema|historia|cuento|canción|haiku)\b",
    re.IGNORECASE,
)
_NUMBER: Final = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)"
_CONSTRAINTS: Final = (
    re.compile(
        r"\b(?:exactly|at most|at least|no more than|fewer than|less than|maximum of|only|in|under|within) "
        rf"{_NUMBER} (?:short |single |bullet )?"
        r"(?:words?|sentences?|paragraphs?|lines?|bullets?|points?|items?|characters?|steps?)\b",
        re.IGNORECASE,
    ),
    _words(
        r"as (?:a )?(?:json|table|csv|yaml|markdown|bulleted list|numbered list|bullet points?)|"
        r"in (?:json|yaml|csv|markdown|a table|bullet points?|table form)|output only|only output|answer only|"
        r"(?:one|single) word answer|nothing else"
    ),
    _words(
        r"do not (?:use|mention|include|write|say|add)|don['’]t (?:use|mention|include|write|say|add)|"
        r"without (?:using|mentioning)|avoid (?:using|the)|must (?:not|be|have|include|contain|start|end|use)|"
        r"every (?:line|sentence|word) (?:must|should|starts?|ends?)|(?:start|begin|end)s? with|in the style of|"
        r"all (?:lower|upper)case|rhym(?:e|es|ing)"
    ),
    re.compile(r"(?:^[ \t]{0,8}(?:\d{1,3}[.)]|[-*•])[ \t]\S.*(?:\n|\Z)){3}", re.MULTILINE),
)
_REASONING: Final = _words(
    r"step by step|compare|trade-?offs?|prove|design|optimi[sz]e|analy[sz]e|derive|evaluate|architecture|"
    r"implement|justify|critique|edge cases?|complexity|strategy"
)
_SPECIALIST: Final = _words(
    r"theorem|protocol|quantum|enzyme|protein|statut(?:e|ory)|liability|econometric\w*|bayesian|"
    r"regression|thermodynamic\w*|distributed|concurren(?:t|cy)|kernel|molecul\w+|genom\w+|diagnos\w+|"
    r"pharmac\w+|jurisprudence|encryption|neural"
)
#: Characters from which a prompt states a problem rather than a question.
_ELABORATE_CHARS: Final = 300


def _is_coding(text: str) -> bool:
    return bool(_CODE_BLOCK.search(text) or _CODE_STRONG.search(text)) or _distinct(_CODE_WEAK, text) > 1


def _is_maths(text: str) -> bool:
    strong = _MATHS_SIGNS.search(text) or _MATHS_EQUATION.search(text) or _MATHS_STRONG.search(text)
    return bool(strong) or _distinct(_MATHS_WEAK, text) > 1


def _is_creative(text: str) -> bool:
    return bool(_CREATIVE.search(text))


def _constrains(text: str) -> bool:
    return any(pattern.search(text) for pattern in _CONSTRAINTS)


_RULES: Final = {
    Category.CODING: _is_coding,
    Category.MATHS: _is_maths,
    Category.CREATIVE_WRITING: _is_creative,
    Category.INSTRUCTION_FOLLOWING: _constrains,
}


def _distinct(pattern: re.Pattern[str], text: str) -> int:
    return len({found.lower() for found in pattern.findall(text)})


def _signs_of_difficulty(text: str, found: set[Category]) -> int:
    """How many of six signs a prompt shows: subject, knowledge, reasoning (two if several), constraints, length."""
    reasoning = _distinct(_REASONING, text)
    signs = (
        bool(found & {Category.CODING, Category.MATHS}),
        _SPECIALIST.search(text) is not None,
        reasoning > 0,
        reasoning > 1,
        Category.INSTRUCTION_FOLLOWING in found,
        len(text) >= _ELABORATE_CHARS,
    )
    return sum(signs)
