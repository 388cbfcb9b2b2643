"""What an address asks of a leaderboard's page: filters, moment, interval, order. A wrong value is told."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.http import QueryDict

from arena.rankings.filters import FilterError, filter_of
from arena.rankings.moments import moment_of
from arena.rankings.questions import ERRORS, METHODS, WEIGHTS, Part, Question, method_of
from arena.rankings.terms import BOTH_BAD

Row = TypeVar("Row")
Word = TypeVar("Word", bound=str)
INTERVALS: Final = ("own", "simultaneous", "sequence")
#: Shown as `?order=`; a leading minus turns it around.
ORDERS: Final = ("rating", "system", "organisation", "votes")


USUAL: Final = Question()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with how to show its answer. refused: why the address was not understood; the rest is the default."""

    question: Question = USUAL
    interval: str = INTERVALS[0]
    order: str = ORDERS[0]
    refused: str = ""


def asked_of(query: QueryDict) -> Asked:
    """Read an address."""
    interval = query.get("interval") if query.get("interval") in INTERVALS else INTERVALS[0]
    order = query.get("order", ORDERS[0])
    order = order if order.removeprefix("-") in ORDERS else ORDERS[0]
    try:
        question = _question(query)
    except ValueError as error:
        return Asked(interval=str(interval), order=order, refused=str(error))
    return Asked(question, str(interval), order)


def _question(query: QueryDict) -> Question:
    chosen = filter_of(query.get("language") or None, [one for one in query.getlist("category") if one])
    intervals, weights = _one_of(query, "intervals", ERRORS), _one_of(query, "weights", WEIGHTS)
    both_bad = _one_of(query, "both_bad", BOTH_BAD)
    method = method_of(_one_of(query, "method", tuple(METHODS)), intervals, weights, both_bad)
    as_of = query.get("as_of")
    return Question(chosen, method, moment_of(str(as_of)) if as_of else None)


def _one_of(query: QueryDict, name: str, known: tuple[Word, ...]) -> Word:
    """The word that a parameter gives, the first one without it.

    Raises:
        FilterError: another word.
    """
    given = query.get(name) or known[0]
    found = next((word for word in known if word == given), None)
    if found is None:
        raise FilterError(name, f"there is no {name} {given[:40]!r}; there are: {', '.join(known)}")
    return found


def kinds_of(parts: Sequence[Part]) -> dict[str, list[Any]]:
    """What the form of a board's filters offers: languages and (category, votes), the largest first."""
    return {
        "languages": [part for part in parts if part.chosen.language],
        "categories": [(next(iter(part.chosen.categories)), part.votes) for part in parts if part.chosen.categories],
    }


@dataclass(frozen=True, slots=True)
class Column:
    """A sortable column's head: its link turns the order around where it is the one in use."""

    name: str
    href: str
    aria_sort: str


def columns_of(query: QueryDict, order: str, names: Sequence[str], falling: frozenset[str]) -> dict[str, Column]:
    """The heads of sortable columns. falling: those whose first click puts the largest on top."""
    found = {}
    for name in names:
        reverse = order == name
        parameters = query.copy()
        parameters["order"] = f"-{name}" if reverse else name
        current = order.removeprefix("-") == name
        down = (name in falling) != order.startswith("-")
        found[name] = Column(
            name, f"?{parameters.urlencode()}", ("descending" if down else "ascending") if current else ""
        )
    return found


def ordered(rows: Sequence[Row], order: str, key: Callable[[Row, str], Any], falling: frozenset[str]) -> list[Row]:
    """Rows in an order; those without a value come last, whichever way it goes."""
    name = order.removeprefix("-")
    known = [row for row in rows if key(row, name) is not None]
    down = (name in falling) != order.startswith("-")
    known.sort(key=lambda row: key(row, name), reverse=down)
    return known + [row for row in rows if key(row, name) is None]


#: Parameters that the API takes, too.
OF_THE_API: Final = frozenset({"language", "category", "method", "both_bad", "intervals", "weights", "as_of"})


def data_query(query: QueryDict, known: Collection[str] = OF_THE_API) -> str:
    """The part of an address that the API takes, too."""
    wanted = query.copy()
    for name in list(wanted):
        if name not in known or not wanted[name]:
            del wanted[name]
    return wanted.urlencode()
