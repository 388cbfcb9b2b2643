"""Leaderboards as programs read them: any filter, method and moment; history, matrix, value, transparency, studies."""

from dataclasses import asdict
from typing import Annotated, Final, Literal, TypeAlias

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from arena.api.openapi import problems
from arena.api.ranking_schemas import (
    HistoryOut,
    LeaderboardOut,
    MatrixOut,
    StudiesOut,
    StudyOut,
    TransparencyOut,
    ValuesOut,
)
from arena.api.rendering import rendered
from arena.api.tables import PAIRS, csv_response, matrix_facts, pairs_of
from arena.arenas.models import Arena
from arena.arenas.selectors import open_arena
from arena.rankings.categories import Category
from arena.rankings.filters import MOST_CATEGORIES, FilterError, filter_of
from arena.rankings.history import History, history_of
from arena.rankings.matrix import Matrix
from arena.rankings.moments import moment_of
from arena.rankings.questions import Question, board_of, matrix_of, method_of, require_kinds
from arena.rankings.selectors import LeaderboardRow, leaderboard
from arena.rankings.studies import FRAGILITY, STYLE, newest
from arena.rankings.terms import BothBad
from arena.rankings.transparency import Entry, transparency_of
from arena.rankings.value import Value, values_of
from arena.rankings.variants import Weights

router = Router(tags=["leaderboards"])
CACHE: Final = "public, no-cache"

CategoryWord: TypeAlias = Annotated[
    str, WithJsonSchema({"type": "string", "enum": [category.value for category in Category]})
]
Language: TypeAlias = Annotated[str, Field(pattern="^[a-z]{2,3}$", description="Of the prompts; ISO 639, or `und`.")]


def _moment(given: object) -> object:
    return moment_of(given) if isinstance(given, str) else given


Moment: TypeAlias = Annotated[AwareDatetime, BeforeValidator(_moment)]


class VotesQuery(BaseModel):
    """Which votes."""

    model_config = ConfigDict(extra="forbid")

    language: Language | None = None
    category: list[CategoryWord] = Field(
        default=[], max_length=MOST_CATEGORIES, description="Only prompts in all of these categories."
    )

    def question(self) -> Question:
        """The board that is asked for."""
        return Question(filter_of(self.language, self.category))


class MethodQuery(VotesQuery):
    """Which votes, and what even ones are."""

    method: Literal["bradley-terry", "davidson", "rao-kupper"] = Field(
        default="bradley-terry", description="A tie is half a win for each side, or has a model."
    )
    both_bad: BothBad = Field(
        default="tie", description="A vote that both are bad is a tie, is left out, or is told as a rate per system."
    )

    def question(self) -> Question:
        """The board that is asked for."""
        return Question(filter_of(self.language, self.category), method_of(self.method, both_bad=self.both_bad))


class BoardQuery(MethodQuery):
    """The same of a moment in the past, or from single votes: of one language or category, by the usual method."""

    intervals: Literal["sandwich", "clustered"] = Field(
        default="sandwich", description="Of each vote by itself, or of all votes of a voter together."
    )
    weights: Weights = Field(
        default="one", description="Of a vote: 1, or one over the logged probability that its pair was drawn."
    )
    as_of: Moment | None = Field(
        default=None,
        description="The last board kept before this moment: the last one of every minute is kept, after two days of"
        " every hour; of those by voter or weighted, of every day.",
    )

    def question(self) -> Question:
        """The board that is asked for."""
        method = method_of(self.method, self.intervals, self.weights, self.both_bad)
        return Question(filter_of(self.language, self.category), method, self.as_of)


def public_answer(response: HttpResponse) -> HttpResponse:
    """For everybody. The tag is one of the whole answer: a system that retires changes its row without a new fit."""
    response["Cache-Control"] = CACHE
    return response


_JSON: Final = {304: None, **problems(404, 422)}
_CSV: Final = {200: None, 304: None, **problems(404, 422)}


@router.get(
    "/arenas/{slug}/leaderboard", operation_id="leaderboard", response={200: LeaderboardOut, **_JSON, **problems(409)}
)
def board(request: HttpRequest, slug: str, query: Query[BoardQuery]) -> HttpResponse:
    """A leaderboard. Ask again with `If-None-Match`: 304 means that it is still the same."""
    found = board_of(open_arena(slug), query.question())
    return public_answer(rendered(LeaderboardOut.model_validate(found.as_dict())))


@router.get("/arenas/{slug}/leaderboard.csv", operation_id="leaderboard_csv", response={**_CSV, **problems(409)})
def board_csv(request: HttpRequest, slug: str, query: Query[BoardQuery]) -> HttpResponse:
    """The rows of a leaderboard as CSV."""
    found = board_of(open_arena(slug), query.question())
    columns = LeaderboardRow.__slots__
    return public_answer(csv_response(f"{slug}-leaderboard.csv", columns, (row.as_dict() for row in found.rows)))


@router.get(
    "/arenas/{slug}/leaderboard/history", operation_id="leaderboard_history", response={200: HistoryOut, **_JSON}
)
def history(request: HttpRequest, slug: str, query: Query[VotesQuery]) -> HttpResponse:
    """The ratings through time, of all votes, one language or one category; combinations have no history."""
    found = _history(open_arena(slug), query)
    return public_answer(rendered(HistoryOut(arena=slug, board=found.board, lines=list(found.lines))))


@router.get("/arenas/{slug}/leaderboard/history.csv", operation_id="leaderboard_history_csv", response=_CSV)
def history_csv(request: HttpRequest, slug: str, query: Query[VotesQuery]) -> HttpResponse:
    """The ratings through time as CSV: one row per system and moment."""
    rows = (
        {"system": line.system, "version": line.version, **asdict(point), "at": point.at.isoformat()}
        for line in _history(open_arena(slug), query).lines
        for point in line.points
    )
    columns = ("at", "system", "version", "rating", "lower", "upper", "votes")
    return public_answer(csv_response(f"{slug}-history.csv", columns, rows))


def _history(arena: Arena, query: VotesQuery) -> History:
    chosen = query.question().chosen
    require_kinds(arena, chosen)
    if not chosen.is_named:
        raise FilterError(
            "category", "combinations have no history; it is kept for all votes, one language or category"
        )
    return history_of(arena, chosen)


@router.get(
    "/arenas/{slug}/leaderboard/matrix",
    operation_id="leaderboard_matrix",
    response={200: MatrixOut, **_JSON, **problems(409)},
)
def matrix(request: HttpRequest, slug: str, query: Query[MethodQuery]) -> HttpResponse:
    """Who is preferred to whom: battles, and the probability by the ratings with its interval."""
    found = _matrix(slug, query)
    return public_answer(rendered(MatrixOut(arena=slug, **matrix_facts(found))))


@router.get(
    "/arenas/{slug}/leaderboard/matrix.csv", operation_id="leaderboard_matrix_csv", response={**_CSV, **problems(409)}
)
def matrix_csv(request: HttpRequest, slug: str, query: Query[MethodQuery]) -> HttpResponse:
    """The matrix as CSV: one row per ordered pair."""
    found = _matrix(slug, query)
    return public_answer(csv_response(f"{slug}-matrix.csv", PAIRS, pairs_of(found)))


def _matrix(slug: str, query: MethodQuery) -> Matrix:
    question = query.question()
    return matrix_of(open_arena(slug), question.chosen, question.method)


@router.get("/arenas/{slug}/value", operation_id="value", response={200: ValuesOut, 304: None, **problems(404)})
def value(request: HttpRequest, slug: str) -> HttpResponse:
    """Score beside cost, speed and reliability of the last seven days."""
    return public_answer(rendered(ValuesOut(arena=slug, values=_values(slug))))


@router.get("/arenas/{slug}/value.csv", operation_id="value_csv", response={200: None, 304: None, **problems(404)})
def value_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """The same as CSV."""
    rows = [asdict(one) for one in _values(slug)]
    for row in rows:
        row["failures"] = " ".join(f"{name}:{n}" for name, n in row["failures"].items())
    return public_answer(csv_response(f"{slug}-value.csv", Value.__slots__, rows))


def _values(slug: str) -> list[Value]:
    arena = open_arena(slug)
    return values_of(arena, leaderboard(arena))


@router.get(
    "/arenas/{slug}/transparency",
    operation_id="transparency",
    response={200: TransparencyOut, 304: None, **problems(404)},
)
def transparency(request: HttpRequest, slug: str) -> HttpResponse:
    """Every system version ever entered, how pairs were drawn, and which votes count."""
    return public_answer(rendered(TransparencyOut(transparency_of(open_arena(slug)))))


@router.get(
    "/arenas/{slug}/transparency.csv",
    operation_id="transparency_csv",
    response={200: None, 304: None, **problems(404)},
)
def transparency_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Every system version ever entered, as CSV."""
    entries = [asdict(entry) for entry in transparency_of(open_arena(slug)).entries]
    for entry in entries:
        entry["events"] = " ".join(f"{event['kind']}@{event['at'].isoformat()}" for event in entry["events"])
        entry["entered_at"] = entry["entered_at"].isoformat()
        entry["retired_at"] = entry["retired_at"].isoformat() if entry["retired_at"] else None
    return public_answer(csv_response(f"{slug}-transparency.csv", Entry.__slots__, entries))


@router.get("/arenas/{slug}/studies", operation_id="studies", response={200: StudiesOut, 304: None, **problems(404)})
def studies(request: HttpRequest, slug: str) -> HttpResponse:
    """How fragile the first place is, and ratings at equal form of answers; made every ten minutes."""
    arena = open_arena(slug)
    told = {
        kind: StudyOut.model_validate(found) if (found := newest(arena, kind)) else None for kind in (FRAGILITY, STYLE)
    }
    return public_answer(rendered(StudiesOut(arena=slug, **told)))
