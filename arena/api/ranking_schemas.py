"""What the API says about leaderboards. A row's fields are defined where it is made, and nowhere else: these types are
public as they are. A test keeps the names that have left the site once.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import Field, JsonValue, RootModel

from arena.api.schemas import Out
from arena.rankings.history import Line
from arena.rankings.imports import NamedRow
from arena.rankings.matrix import Cell
from arena.rankings.selectors import LeaderboardRow
from arena.rankings.transparency import Transparency
from arena.rankings.value import Value
from data_releases.selectors import CertifiedBoard


class LeaderboardOut(Out):
    """A leaderboard of an arena, at full precision, with what made it."""

    arena: str
    board: str = Field(description="Which votes it is about: `all`, `language:fr`, `category:coding`, or several.")
    snapshot: int | None
    status: str
    groups: list[list[str]] = Field(description="Where the systems cannot all be compared: who can, with whom.")
    method: dict[str, JsonValue]
    code_version: str
    counted: int = Field(description="Votes in the ratings.")
    simulated: int = Field(description="How many of them simulated voters cast.")
    excluded: dict[str, int] = Field(description="Votes that are kept and left out, by class.")
    updated_at: datetime | None
    listed_from_votes: int = Field(
        description="With fewer votes, a row's `listing` is `too_few_votes`, and it has no rank."
    )
    settled_from_votes: int = Field(
        description="With fewer votes, but enough to be listed, a row's `listing` is `preliminary`."
    )
    ratings: list[LeaderboardRow]


class HistoryOut(Out):
    """A board through time: a point a minute at first, then an hour, then a day."""

    arena: str
    board: str
    lines: list[Line]


class MatrixOut(Out):
    """Who is preferred to whom; rows and columns in the order of `systems`, null on the diagonal."""

    arena: str
    board: str
    systems: list[str]
    cells: list[list[Cell | None]]


class ValuesOut(Out):
    """Score, cost and speed of the last seven days side by side, in the order of the leaderboard."""

    arena: str
    values: list[Value]


class TransparencyOut(RootModel[Transparency]):
    """Who ever entered, how pairs were drawn, and which votes count."""


class StudyOut(Out):
    """A study of single votes: `result` has its numbers, or `refused` with the reason."""

    created_at: datetime
    last_vote_id: int
    result: dict[str, JsonValue]


class StudiesOut(Out):
    """The newest studies; null until the first was made."""

    arena: str
    fragility: StudyOut | None
    style: StudyOut | None


class CertifiedOut(RootModel[CertifiedBoard]):
    """The board of a release: anybody can compute it again from the release's files."""


class CertifiedPointOut(Out):
    """A contender's rating in one release."""

    release: str
    window_end: date
    contender: str
    rating: float | None
    lower: float | None
    upper: float | None
    votes: int


class CertifiedHistoryOut(Out):
    """The certified boards of all public releases, the oldest first."""

    arena: str
    points: list[CertifiedPointOut]


class SourceOut(Out):
    """A file of votes from elsewhere."""

    id: int
    name: str
    votes: int
    ignored: dict[str, int] = Field(description="Votes of the file that were not counted, by class.")
    file_sha256: str
    created_at: datetime


class SourcesOut(Out):
    """The imported sources of an arena, the newest first."""

    arena: str
    sources: list[SourceOut]


class ImportedBoardOut(Out):
    """The board of an imported source. Its votes were not cast here, and are on no other board."""

    arena: str
    imported: Literal[True] = True
    source: SourceOut
    status: str
    groups: list[list[str]]
    method: dict[str, JsonValue]
    digest: str = Field(description="Of the counts.")
    ratings: list[NamedRow]


class ImportedMatrixOut(MatrixOut):
    """The same of an imported source; `board` is its name."""

    imported: Literal[True] = True
