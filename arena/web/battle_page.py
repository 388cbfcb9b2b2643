"""Everything that the battle's page shows, worked out from the contract's view of the battle.

The page works without scripts from this alone; with scripts, TypeScript starts from the same dictionary.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from arena.battles.states import SIDES, UNFINISHED
from arena.votes.outcome import FEEDBACK_MAX_CHARS, REASONS_OF
from arena.votes.services import Heard
from arena.web.figures_text import cost_text, seconds_text, speed_text, tokens_text
from arena.web.forms import new_key
from arena.web.messages import OUTCOMES, REASON_TAGS, REPORT_REASONS, refusal_text
from arena.web.strings import SCRIPT_STRINGS, words

_ENDED_BADLY: Final = frozenset({"failed", "refused", "expired"})
_TITLES: Final[dict[str, dict[str, Promise]]] = {
    "text": {"left": _("Left answer"), "right": _("Right answer")},
    "music": {"left": _("Left clip"), "right": _("Right clip")},
}
_FEEDBACK_LABELS: Final[dict[str, dict[str, Promise]]] = {
    "text": {
        "left": _("In your words, about the left answer"),
        "right": _("In your words, about the right answer"),
    },
    "music": {
        "left": _("In your words, about the left clip"),
        "right": _("In your words, about the right clip"),
    },
}
#: The order of the buttons on the page, and the key of each.
_VOTE_KEYS: Final = (("left", "1"), ("tie", "2"), ("both_bad", "3"), ("right", "4"))
_CHOSEN: Final[dict[str, frozenset[str]]] = {"left": frozenset({"left"}), "right": frozenset({"right"})}


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One side of one turn. `name` is the region's accessible name; `system` is empty until the vote."""

    side: str
    title: str
    name: str
    text: str
    system: str


@dataclass(frozen=True, slots=True)
class TurnView:
    """One prompt and its answers; `n` is None in the empty turn from which the script makes further ones."""

    n: int | None
    prompt: str
    answers: tuple[AnswerView, ...]


@dataclass(frozen=True, slots=True)
class BattlePage:
    """The context of `web/battle.html`. `battle` has the contract's keys, and nothing that the vote has to reveal."""

    battle: dict[str, Any]
    arena_name: str
    max_turns: int
    modality: str = "text"
    heard: Heard | None = None
    follow_up_draft: str = ""
    follow_up_error: str = ""
    notice: str = ""

    @property
    def state(self) -> str:
        """The battle's state."""
        return str(self.battle["state"])

    @property
    def unfinished(self) -> bool:
        """Whether answers are still to come."""
        return self.state in UNFINISHED

    @property
    def ended_badly(self) -> bool:
        """Whether the battle ended without the chance of a vote."""
        return self.state in _ENDED_BADLY

    @property
    def invites_again(self) -> bool:
        """Whether to try the same prompt again is what a visitor most likely wants: a refused one stays refused."""
        return self.ended_badly and self.state != "refused"

    @property
    def can_vote(self) -> bool:
        """Whether the vote is open."""
        return self.state == "ready" and not (self.heard and self.heard.missing())

    @property
    def awaits_vote(self) -> bool:
        """Whether the vote's buttons have a place on the page."""
        return self.unfinished or self.state == "ready"

    @property
    def revealed(self) -> bool:
        """Whether the names may be shown."""
        return self.battle["systems"] is not None

    @property
    def is_over(self) -> bool:
        """Whether only a new battle can follow."""
        return self.revealed or self.ended_badly

    @property
    def can_follow_up(self) -> bool:
        """Whether the same systems can be asked further."""
        return self.can_vote and len(self.battle["turns"]) < self.max_turns

    @property
    def title(self) -> str:
        """The page's heading."""
        stage = "voted" if self.revealed else "ended" if self.ended_badly else "open"
        return words(f"title.{stage}", self.modality)

    @property
    def phase(self) -> str:
        """The progress as the script names it."""
        return "waiting" if self.state == "generating" else self.state

    @property
    def phase_text(self) -> str:
        """The progress in words."""
        return words(f"phase.{self.phase}", self.modality)

    @property
    def reason_text(self) -> str:
        """Why the battle ended without answers; empty otherwise."""
        reason = self.battle["reason"]
        return refusal_text(reason) if reason else ""

    @property
    def key(self) -> str:
        """The idempotency key of the forms of this page."""
        return new_key()

    @property
    def first_prompt(self) -> str:
        """What the battle began with."""
        turns = self.battle["turns"]
        return str(turns[0]["prompt"]) if turns else ""

    @property
    def turns(self) -> list[TurnView]:
        """All turns; only the newest has the plain names "Left answer" and "Right answer"."""
        count = len(self.battle["turns"])
        return [self._turn(turn, newest=turn["n"] == count) for turn in self.battle["turns"]]

    def _turn(self, turn: dict[str, Any], *, newest: bool) -> TurnView:
        systems = self.battle["systems"] or {}
        answers = []
        for side in SIDES:
            title = str(_TITLES[self.modality][side])
            earlier = str(SCRIPT_STRINGS[f"answer.{side}_turn"]).format(n=turn["n"])
            system = systems[side]["name"] if systems else ""
            answers.append(AnswerView(side, title, title if newest else earlier, turn[side]["text"], system))
        return TurnView(turn["n"], turn["prompt"], tuple(answers))

    @property
    def empty_turn(self) -> TurnView:
        """The mould of further turns."""
        titles = {side: str(title) for side, title in _TITLES[self.modality].items()}
        answers = tuple(AnswerView(side, titles[side], titles[side], "", "") for side in SIDES)
        return TurnView(None, "", answers)

    @property
    def sides(self) -> list[dict[str, str]]:
        """Both sides with their labels."""
        return [
            {
                "side": side,
                "title": str(_TITLES[self.modality][side]),
                "feedback_label": str(_FEEDBACK_LABELS[self.modality][side]),
            }
            for side in SIDES
        ]

    @property
    def reason_groups(self) -> list[dict[str, Any]]:
        """The reason tags, the good ones first."""
        good, bad = REASONS_OF[self.modality]
        groups = (("good", gettext("What is good"), good), ("bad", gettext("What is bad"), bad))
        return [{"kind": kind, "title": title, "tags": _choices(REASON_TAGS, codes)} for kind, title, codes in groups]

    @property
    def report_reasons(self) -> list[dict[str, str]]:
        """Why an answer may be reported."""
        return _choices(REPORT_REASONS, tuple(REPORT_REASONS))

    @property
    def feedback_max_chars(self) -> int:
        """The longest feedback."""
        return FEEDBACK_MAX_CHARS

    @property
    def vote_buttons(self) -> list[dict[str, str]]:
        """The four outcomes in the order of the page."""
        return [{"outcome": outcome, "key": key, "title": str(OUTCOMES[outcome])} for outcome, key in _VOTE_KEYS]

    @property
    def said(self) -> str:
        """The vote in words; empty before it."""
        vote = self.battle["vote"]
        if not vote:
            return ""
        return str(SCRIPT_STRINGS["vote.said"]).format(outcome=OUTCOMES[vote["outcome"]])

    @property
    def receipt(self) -> str:
        """What the voter keeps to withdraw the battle later; empty until the vote."""
        return self.battle["receipt"] or ""

    @property
    def reveal_cards(self) -> list[dict[str, Any]]:
        """Who answered, side by side; empty places before the vote."""
        vote, systems = self.battle["vote"], self.battle["systems"]
        chosen = _CHOSEN.get(vote["outcome"], frozenset()) if vote else frozenset()
        return [
            _card(side, systems[side] if systems else None, self.modality, chosen=side in chosen) for side in SIDES
        ]


def _choices(words: dict[str, Promise], codes: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"code": code, "title": str(words[code])} for code in codes]


def _rows(values: dict[str, Any], modality: str) -> tuple[tuple[str, str, Any], ...]:
    """What a reveal says of a system: key, title, value."""
    if modality == "music":
        return (
            ("licence", gettext("Licence"), values.get("licence") or SCRIPT_STRINGS["unit.unknown"]),
            ("training_data", gettext("Trained on"), values.get("training_data") or SCRIPT_STRINGS["unit.unknown"]),
            ("latency_s", gettext("Made within"), seconds_text(values.get("latency_s"))),
            ("speed_factor", gettext("Speed"), speed_text(values.get("speed_factor"))),
        )
    return (
        ("licence", gettext("Licence"), values.get("licence") or SCRIPT_STRINGS["unit.unknown"]),
        ("ttft_s", gettext("First words after"), seconds_text(values.get("ttft_s"))),
        ("latency_s", gettext("Complete after"), seconds_text(values.get("latency_s"))),
        ("output_tokens", gettext("Length"), tokens_text(values.get("output_tokens"))),
        ("cost_usd", gettext("Cost"), cost_text(values.get("cost_usd"))),
    )


def _card(side: str, system: dict[str, Any] | None, modality: str, *, chosen: bool) -> dict[str, Any]:
    values = system or {}
    return {
        "side": side,
        "title": str(_TITLES[modality][side]),
        "chosen": chosen,
        "name": values.get("name", ""),
        "organisation": values.get("organisation", ""),
        "answered_by": values.get("answered_by") or "",
        "lyrics": values.get("lyrics") or "",
        "download_url": values.get("download_url") or "",
        "rows": [
            {"key": key, "title": title, "value": value if system else ""}
            for key, title, value in _rows(values, modality)
        ],
    }
