"""What comes into the API, field by field. A request with an unknown field or a value of another type is told so."""

from collections.abc import Collection
from typing import Annotated, Any, Final, Literal, TypeAlias

from django.utils.translation import gettext as _
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from arena.battles.reports import REPORT_REASONS
from arena.battles.states import SIDES, Side
from arena.votes.outcome import FEEDBACK_MAX_CHARS, REASONS, REASONS_OF, Outcome

TAGS: Final = tuple(code for groups in REASONS_OF.values() for codes in groups for code in codes)


def _known(codes: Collection[str]) -> AfterValidator:
    """Refuse a string that is none of `codes`."""

    def known(code: str) -> str:
        if code not in codes:
            raise ValueError(_("one of: %(codes)s") % {"codes": ", ".join(codes)})
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


class RequirementIn(In):
    """A prompt that is being written, and what was corrected so far."""

    prompt: str
    requirement: dict[str, JsonValue] | None = Field(default=None, max_length=20)
    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "A folk song with vocals, 30 s"}]})


class TurnIn(In):
    """A further prompt for the same two systems."""

    prompt: str
    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "And at sunset?"}]})


class PerSideIn(In):
    """Something optional for each side; absent and null both mean that nothing was said."""

    def by_side(self) -> dict[Side, Any]:
        """What was said, by side."""
        return {side: said for side in SIDES if (said := getattr(self, side)) is not None}


class ReasonsIn(PerSideIn):
    """Reason tags by side; absent, null and an empty list are the same."""

    left: list[ReasonTag] | None = Field(default=None, max_length=len(REASONS))
    right: list[ReasonTag] | None = Field(default=None, max_length=len(REASONS))


class FeedbackIn(PerSideIn):
    """Free text by side; absent, null and an empty text are the same."""

    left: Feedback | None = None
    right: Feedback | None = None


class VoteIn(In):
    """One of the four outcomes, with optional reasons and feedback per side."""

    outcome: OutcomeWord
    reasons: ReasonsIn | None = None
    feedback: FeedbackIn | None = None
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


class WithdrawIn(In):
    """What to take back: the texts in any case, the vote on request."""

    vote: bool = False
    model_config = ConfigDict(json_schema_extra={"examples": [{"vote": True}]})


class WithdrawManyIn(In):
    """Which battles to take back: those of `receipts`, whoever voted, or everything of the caller's voter."""

    receipts: list[Annotated[str, StringConstraints(max_length=100)]] | None = Field(
        None, min_length=1, max_length=100, description="As battles have them after the vote."
    )
    everything: bool = False
    vote: bool = False
    model_config = ConfigDict(json_schema_extra={"examples": [{"everything": True, "vote": True}]})

    @model_validator(mode="after")
    def _one_of_both(self) -> "WithdrawManyIn":
        if (self.receipts is None) == (not self.everything):
            raise ValueError(_("either receipts or everything"))
        return self


class ReportIn(In):
    """A report of one answer to the operators."""

    turn: int = Field(ge=1, le=1000)
    side: SideWord
    reason: ReportReason
    text: Feedback = ""
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"turn": 1, "side": "left", "reason": "broken", "text": "It repeats itself."}]}
    )
