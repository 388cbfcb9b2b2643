"""What goes in and out of the API, field by field.

Both directions refuse what they do not know: a request with an unknown field is told so, and a response can carry
nothing but what is written here, whatever an inner type may grow.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Any, Final, Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, WithJsonSchema

from arena.battles.reports import REPORT_REASONS
from arena.battles.states import BattleState
from arena.votes.outcome import FEEDBACK_MAX_CHARS, NEGATIVE_REASONS, POSITIVE_REASONS, REASONS, Outcome

T = TypeVar("T")
TAGS: Final = (*POSITIVE_REASONS, *NEGATIVE_REASONS)


def _known(codes: Collection[str]) -> AfterValidator:
    """Refuse a string that is none of `codes`."""

    def known(code: str) -> str:
        if code not in codes:
            raise ValueError(f"one of: {', '.join(codes)}")
        return code

    return AfterValidator(known)


def _listed(codes: Collection[str]) -> WithJsonSchema:
    """Tell the codes in the document."""
    return WithJsonSchema({"type": "string", "enum": list(codes)})


OutcomeWord: TypeAlias = Annotated[Outcome, Field(strict=False)]
ReasonTag: TypeAlias = Annotated[str, _known(TAGS), _listed(TAGS)]
ReportReason: TypeAlias = Annotated[str, _known(REPORT_REASONS), _listed(REPORT_REASONS)]
SideWord: TypeAlias = Literal["left", "right"]
Feedback: TypeAlias = Annotated[str, StringConstraints(max_length=FEEDBACK_MAX_CHARS)]


class In(BaseModel):
    """A request body: no unknown field, no value of another type."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Out(BaseModel):
    """A response body: an allow-list."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


# --- Requests ------------------------------------------------------------------------------------------------------


class ConsentIn(In):
    """The three answers of the consent question."""

    research: bool = Field(description="Voting, and the anonymised vote row. Required to take part.")
    publication: bool = Field(default=False, description="Prompt, outputs and feedback may be published.")
    age_16: bool = Field(description="The voter is 16 or older. Required to take part.")
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"research": True, "publication": False, "age_16": True}]}
    )


class BattleIn(In):
    """A prompt. Its limits (not empty, at most 8,000 characters) are the guard's and answered as `prompt-invalid`."""

    prompt: str
    requirement: dict[str, JsonValue] | None = Field(default=None, max_length=20)
    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "Why is the sky blue?"}]})


class TurnIn(In):
    """A further prompt for the same two systems."""

    prompt: str
    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "And at sunset?"}]})


class ReasonsIn(In):
    """Reason tags by side."""

    left: list[ReasonTag] = Field(default=[], max_length=len(REASONS))
    right: list[ReasonTag] = Field(default=[], max_length=len(REASONS))


class FeedbackIn(In):
    """Free text by side."""

    left: Feedback = ""
    right: Feedback = ""


class VoteIn(In):
    """One of the four outcomes, with optional reasons and feedback per side."""

    outcome: OutcomeWord
    reasons: ReasonsIn = ReasonsIn()
    feedback: FeedbackIn = FeedbackIn()
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "outcome": "left",
                    "reasons": {"left": ["correct", "clear"], "right": ["superficial"]},
                    "feedback": {"left": "", "right": "It stops half way."},
                }
            ]
        }
    )


class ReportIn(In):
    """A report of one answer to the operators."""

    turn: int = Field(ge=1, le=1000)
    side: SideWord
    reason: ReportReason
    text: Feedback = ""
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"turn": 1, "side": "left", "reason": "broken", "text": "It repeats itself."}]}
    )


# --- Responses -----------------------------------------------------------------------------------------------------


class ConsentOut(Out):
    """The consent that counts, and the version of the text that was shown."""

    research: bool
    publication: bool
    age_16: bool
    text_version: str
    created_at: datetime


class SessionOut(Out):
    """What a browser needs to begin."""

    csrf_token: str
    consent: ConsentOut | None


class PerSide(Out, Generic[T]):
    """One value for each side."""

    left: T
    right: T


class AnswerOut(Out):
    """One side's answer so far: raw Markdown."""

    text: str


class TurnOut(Out):
    """One turn; both answers are empty until the turn is complete on both sides."""

    n: int
    prompt: str
    left: AnswerOut
    right: AnswerOut


class VoteOut(Out):
    """The vote as it was cast."""

    outcome: OutcomeWord
    reasons: PerSide[list[str]]
    feedback: PerSide[str]


class RevealedOut(Out):
    """Who answered on one side, and at what price; known after the vote only."""

    name: str
    organisation: str
    version: int
    licence: str
    latency_s: float | None
    ttft_s: float | None
    output_tokens: int | None
    cost_usd: float | None


class BattleOut(Out):
    """A battle. The keys are the same in every state; `vote` and `systems` are null until the vote."""

    id: UUID
    arena: str
    state: BattleState
    reason: str | None
    created_at: datetime
    requirement: dict[str, Any] | None
    turns: list[TurnOut]
    vote: VoteOut | None
    systems: PerSide[RevealedOut] | None


class SummaryOut(Out):
    """One line of a voter's list of battles."""

    id: UUID
    arena: str
    state: BattleState
    reason: str | None
    created_at: datetime
    prompt: str = Field(description="The first prompt.")
    turns: int


class BattlesOut(Out):
    """A page of a voter's battles, the newest first."""

    battles: list[SummaryOut]
    next: datetime | None = Field(description="Give it as `before` for the next page; null on the last one.")


class ReportOut(Out):
    """A report that was taken."""

    turn: int
    side: SideWord
    reason: str


class ArenaOut(Out):
    """An open arena."""

    slug: str
    name: str
    description: str
    modality: str
    is_demo: bool
    systems: int = Field(description="How many systems may be drawn now.")


class ArenasOut(Out):
    """The open arenas, the oldest first."""

    arenas: list[ArenaOut]


class VersionOut(Out):
    """One version of a system; never edited, only superseded."""

    number: int
    organisation: str
    access: str
    licence: str
    links: dict[str, str]
    context_tokens: int | None
    price_in_usd_per_mtok: float
    price_out_usd_per_mtok: float
    release_outputs: bool
    created_at: datetime
    retired_at: datetime | None


class SystemOut(Out):
    """A contender with its versions, the newest first."""

    arena: str
    name: str
    is_paused: bool
    is_retired: bool
    versions: list[VersionOut]


class SystemsOut(Out):
    """Every system ever registered in an open arena, retired ones too."""

    systems: list[SystemOut]


class ReleasesOut(Out):
    """The published releases, the newest first."""

    releases: list[JsonValue] = Field(description="Empty until the first release is published.")


class RatingOut(Out):
    """One contender of a leaderboard. Numbers are null where the votes do not determine them; `status` says why."""

    system: str
    version: int
    organisation: str
    access: str
    licence: str
    retired: bool
    rating: float | None
    lower: float | None
    upper: float | None
    rank_low: int | None
    rank_high: int | None
    votes: int
    status: str


class LeaderboardOut(Out):
    """The newest leaderboard of an arena, at full precision, with what made it."""

    arena: str
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


class FieldErrorOut(Out):
    """What is wrong with one field."""

    where: str
    code: str
    message: str


class ProblemOut(BaseModel):
    """A problem document (RFC 9457). Further members may come; read `type`, not `title` or `detail`."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    help: str
    errors: list[FieldErrorOut] | None = None
