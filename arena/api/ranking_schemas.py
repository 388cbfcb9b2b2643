"""What the API says about leaderboards, field by field."""

from datetime import datetime

from pydantic import Field, JsonValue

from arena.api.schemas import Out


class RatingOut(Out):
    """One contender of a leaderboard. Numbers are null where the votes do not determine them; `status` says why."""

    system: str
    version: int
    organisation: str
    access: str
    licence: str
    retired: bool
    new: bool = Field(description="Registered in the last two weeks.")
    rating: float | None
    lower: float | None = Field(description="Interval of this rating by itself.")
    upper: float | None
    rank_low: int | None
    rank_high: int | None
    tier: int | None = Field(description="Contenders of one tier cannot all be told apart; the best is 1.")
    simultaneous_lower: float | None = Field(description="Interval such that those of all rows hold at once.")
    simultaneous_upper: float | None
    sequence_lower: float | None = Field(description="Interval that holds at every look, however often one looks.")
    sequence_upper: float | None
    votes: int
    status: str
    listing: str = Field(description="`listed`, `preliminary` (under 300 votes) or `too_few_votes` (under 30).")


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
    ratings: list[RatingOut]


class PointOut(Out):
    """A rating at a moment."""

    at: datetime
    rating: float
    lower: float
    upper: float
    votes: int


class LineOut(Out):
    """One contender through time, the oldest point first."""

    system: str
    version: int
    points: list[PointOut]


class HistoryOut(Out):
    """A board through time: a point a minute at first, then an hour, then a day."""

    arena: str
    board: str
    lines: list[LineOut]


class CellOut(Out):
    """How the row's system fares against the column's."""

    battles: int
    wins: float = Field(description="Of these battles, ties as halves.")
    p: float | None = Field(description="Probability that the row's system is preferred, by the ratings.")
    lower: float | None
    upper: float | None


class MatrixOut(Out):
    """Who is preferred to whom; rows and columns in the order of `systems`, null on the diagonal."""

    arena: str
    board: str
    systems: list[str]
    cells: list[list[CellOut | None]]


class ValueOut(Out):
    """What a contender's answers cost and how fast they come, in the last seven days; null where nothing is known."""

    system: str
    version: int
    rating: float | None
    calls: int
    availability: float | None
    ttft_p50_s: float | None
    ttft_p95_s: float | None
    latency_p50_s: float | None
    latency_p95_s: float | None
    output_tokens: float | None
    cost_per_answer_usd: float | None
    win_share: float | None
    cost_per_win_usd: float | None
    energy_wh: float | None = Field(description="Of an answer, as declared by whoever registered the system.")
    on_cost_front: bool = Field(description="Nobody is better at no higher a price.")
    on_speed_front: bool = Field(description="Nobody is better and at least as fast.")


class ValuesOut(Out):
    """Score, cost and speed side by side, in the order of the leaderboard."""

    arena: str
    values: list[ValueOut]


class ChiSquaredOut(Out):
    """A chi-squared test: a small `p_value` says that chance alone would rarely look like this."""

    statistic: float
    degrees: int
    p_value: float


class EventOut(Out):
    """What happened to a system."""

    kind: str
    at: datetime


class EntryOut(Out):
    """One system version ever entered."""

    system: str
    version: int
    organisation: str
    access: str
    licence: str
    entered_at: datetime
    retired_at: datetime | None
    is_paused: bool
    draws: int
    share: float | None = Field(description="Of all places in all draws.")
    expected: float = Field(description="Draws to expect by the logged weights.")
    votes: int
    events: list[EventOut]


class ProviderOut(Out):
    """The sum of an organisation's entries."""

    organisation: str
    versions: int
    draws: int
    share: float | None
    votes: int


class TransparencyOut(Out):
    """Who ever entered, how pairs were drawn, and which votes count."""

    arena: str
    draws: int
    sampling: ChiSquaredOut | None = Field(description="Whether systems were drawn as often as logged.")
    sides: ChiSquaredOut | None = Field(description="Whether left and right were drawn alike.")
    votes: int
    counted: int
    simulated: int
    excluded: dict[str, int]
    entries: list[EntryOut]
    providers: list[ProviderOut]


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
