"""What leaves the API, field by field: a response can carry nothing but this, whatever an inner type may grow."""

from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

from arena.api.bodies import OutcomeWord, SideWord
from arena.battles.states import BattleState

T = TypeVar("T")


class Out(BaseModel):
    """A response body: an allow-list."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


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
    """One side's answer so far: raw Markdown. An arena of music adds how to play the clip once the battle is ready."""

    text: str
    audio_url: str | None = Field(None, description="Where the clip lies, for this voter and for some hours.")
    duration_s: float | None = None
    peaks: list[int] | None = Field(None, description="Heights of the waveform, 0 to 100, at most 400.")

    @model_serializer(mode="wrap")
    def _only_what_there_is(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in serialise(self).items() if value is not None}


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
    answered_by: str | None = Field(None, description="The system that a router picked; null for any other system.")
    speed_factor: float | None = Field(None, description="Arenas of music: seconds of music per second of waiting.")
    training_data: str | None = Field(None, description="Arenas of music: what the system learnt from, as declared.")
    lyrics: str | None = Field(None, description="Arenas of music: what the system says it sang.")
    download_url: str | None = Field(None, description="Arenas of music: null where the licence forbids it.")

    @model_serializer(mode="wrap")
    def _only_of_this_modality(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in serialise(self).items() if key in self.model_fields_set}


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
    receipt: str | None = Field(description="After the vote: opens `/withdraw` in any browser. Keep it for the voter.")


class WithdrawnOut(Out):
    """What is withdrawn of a battle, since when."""

    battle: UUID
    text_at: datetime | None
    vote_at: datetime | None


class WithdrawalsOut(Out):
    """How many battles are withdrawn now."""

    withdrawn: int
    left: int = Field(description="Battles whose answers are being written: stop them, then ask again.")


class RequirementOut(Out):
    """What was understood of a prompt. `requirement` may be changed and sent with the battle."""

    requirement: dict[str, Any]
    summary: str = Field(description="The requirement in a few words; empty where nothing is read from prompts.")
    systems: int = Field(description="How many systems can do this now; a battle needs two.")


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


class ReleaseOut(Out):
    """A published data release. `files` lie under `url`."""

    arena: str
    release: str
    window_start: date
    window_end: date = Field(description="The first day outside.")
    published_at: datetime
    simulated: bool = Field(description="Whether simulated votes are in it; they are marked.")
    licence: str
    votes: int
    counted: int
    conversations: int
    downloads: int
    manifest_sha256: str
    leaderboard_sha256: str
    clips: int = Field(description="Files of music under `audio/`; `clips.parquet` names them.")
    being_revised: bool = Field(
        description="Something in it was withdrawn: its data answer 503 until the revision without it is out."
    )
    url: str = Field(description="Where its files lie; `arena-verify` takes it.")
    files: list[str] = Field(description="Without the clips.")


class ReleasesOut(Out):
    """The published releases, the newest month first."""

    releases: list[ReleaseOut]


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
