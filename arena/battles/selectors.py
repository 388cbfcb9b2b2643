"""Reading battles. `BlindBattle` is all that a browser gets before the vote: it has no field for a system."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar

from django.db import connection

from arena.accounts.models import Voter
from arena.battles.models import Battle, Response, Turn
from arena.battles.services import owned_battle as battle_of
from arena.battles.states import SIDES, BattleState, ResponseStatus, Side

__all__ = [
    "BlindBattle",
    "BlindTurn",
    "Player",
    "RevealedSystem",
    "battle_of",
    "battles_of",
    "blind_battle",
    "first_prompt",
    "revealed_battle",
]

_Number = TypeVar("_Number", int, float, Decimal)


@dataclass(frozen=True, slots=True)
class Player:
    """How one side's clip is played: where it lies, how long it is, and the heights of its waveform (0 to 100)."""

    audio_url: str
    duration_s: float
    peaks: tuple[int, ...]

    def as_dict(self) -> dict[str, Any]:
        """The contract's keys."""
        return asdict(self) | {"peaks": list(self.peaks)}


@dataclass(frozen=True, slots=True)
class BlindTurn:
    """One turn as the visitor may see it; an answer that is not complete is empty. `players`: what can be heard."""

    n: int
    prompt: str
    left: str
    right: str
    players: Mapping[Side, Player] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The contract's keys; those of a player where there is something to hear."""
        return {"n": self.n, "prompt": self.prompt, **{side: self._side(side) for side in SIDES}}

    def _side(self, side: Side) -> dict[str, Any]:
        player = self.players.get(side)
        return {"text": getattr(self, side), **(player.as_dict() if player else {})}


@dataclass(frozen=True, slots=True)
class BlindBattle:
    """A battle before its vote."""

    id: uuid.UUID
    arena: str
    state: str
    reason: str
    created_at: datetime
    requirement: dict[str, Any]
    turns: tuple[BlindTurn, ...]

    def as_dict(self) -> dict[str, Any]:
        """The contract's keys, the same in every state."""
        return {
            "id": str(self.id),
            "arena": self.arena,
            "state": self.state,
            "reason": self.reason or None,
            "created_at": self.created_at.isoformat(),
            "requirement": self.requirement,
            "turns": [turn.as_dict() for turn in self.turns],
            "vote": None,
            "systems": None,
            "receipt": None,
        }


@dataclass(frozen=True, slots=True)
class RevealedSystem:
    """Who stood on one side, and what it took over all turns. `ttft_s` is that of the first turn."""

    name: str
    organisation: str
    version: int
    licence: str
    latency_s: float | None
    ttft_s: float | None
    output_tokens: int | None
    cost_usd: float | None
    #: Of a router: the member that answered for it.
    answered_by: str | None

    def as_dict(self) -> dict[str, Any]:
        """The contract's keys."""
        return asdict(self)


def blind_battle(battle: Battle) -> BlindBattle:
    """One battle without anything that tells its systems."""
    return blind_battles([battle])[0]


def blind_battles(battles: Iterable[Battle]) -> list[BlindBattle]:
    """Many battles in two queries."""
    battles = list(battles)
    complete = Response.objects.filter(turn__battle__in=battles, status=ResponseStatus.COMPLETE.value)
    texts = {(turn, side): text for turn, side, text in complete.values_list("turn_id", "side", "content")}
    return _blind(battles, texts)


def _blind(battles: list[Battle], texts: Mapping[tuple[int, str], str]) -> list[BlindBattle]:
    """The battles with their turns; `texts` by turn and side."""
    turns: dict[uuid.UUID, list[BlindTurn]] = {}
    for turn in Turn.objects.filter(battle__in=battles).order_by("n"):
        left, right = (texts.get((turn.id, side), "") for side in SIDES)
        turns.setdefault(turn.battle_id, []).append(BlindTurn(turn.n, turn.prompt, left, right))
    return [_with_turns(battle, turns.get(battle.id, ())) for battle in battles]


def _with_turns(battle: Battle, turns: Iterable[BlindTurn]) -> BlindBattle:
    return BlindBattle(
        id=battle.id,
        arena=battle.arena.slug,
        state=battle.state,
        reason=battle.reason,
        created_at=battle.created_at,
        requirement=_told_requirement(battle),
        turns=tuple(turns),
    )


def _told_requirement(battle: Battle) -> dict[str, Any]:
    """What the prompt needs. Words of the arena wait for the vote: only some pairs need them."""
    if battle.state == BattleState.VOTED.value or battle.requirement.get("lyrics_by") != "arena":
        return dict(battle.requirement)
    return {name: value for name, value in battle.requirement.items() if name not in ("lyrics", "lyrics_by")}


def battles_of(voter: Voter, *, limit: int = 20, before: datetime | None = None) -> list[Battle]:
    """The voter's battles, newest first; `before` is the `created_at` of the last one seen."""
    mine = Battle.objects.filter(voter=voter).select_related("arena").order_by("-created_at")
    return list((mine.filter(created_at__lt=before) if before else mine)[:limit])


def first_prompt(battle_id: uuid.UUID, voter: Voter | None) -> str:
    """What the voter's battle began with.

    Raises:
        BattleNotFound: unknown or somebody else's.
    """
    battle = battle_of(battle_id, voter)
    return Turn.objects.filter(battle=battle).order_by("n").values_list("prompt", flat=True).first() or ""


class _Told(NamedTuple):
    """One side of one turn: what the reveal shows of it, and not the parameters and addresses of a version."""

    n: int
    prompt: str
    side: Side
    content: str
    latency_s: float | None
    ttft_s: float | None
    output_tokens: int | None
    cost_usd: Decimal | None
    name: str
    organisation: str
    version: int
    licence: str
    answered_by: str | None


# By hand, because every vote runs it and the ORM takes several times as long.
_REVEALED_SQL: Final = """
SELECT t.n, t.prompt, r.side, r.content, r.latency_s, r.ttft_s, r.output_tokens, r.cost_usd,
       s.name, v.organisation, v.number, v.licence, answering.name
FROM battles_turn t
JOIN battles_response r ON r.turn_id = t.id AND r.status = 'complete'
JOIN systems_systemversion v ON v.id = r.version_id
JOIN systems_system s ON s.id = v.system_id
LEFT JOIN router_route o ON o.pairing_id = r.pairing_id AND o.side = r.side
LEFT JOIN systems_systemversion member ON member.id = o.member_id
LEFT JOIN systems_system answering ON answering.id = member.system_id
WHERE t.battle_id = %s ORDER BY t.n
"""


def revealed_battle(battle: Battle) -> tuple[BlindBattle, dict[Side, RevealedSystem]]:
    """The battle, and who stood on each side, in one query: of a battle with a vote every turn is complete.

    Only for battles with a vote: `arena.votes.selectors.view_of` decides.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REVEALED_SQL, [battle.pk])
        told = [_Told(*row) for row in cursor.fetchall()]
    by_side = {side: [one for one in told if one.side == side] for side in SIDES}
    prompts = {one.n: one.prompt for one in told}
    texts = {(one.n, one.side): one.content for one in told}
    turns = [BlindTurn(n, prompt, texts[n, "left"], texts[n, "right"]) for n, prompt in prompts.items()]
    return _with_turns(battle, turns), {side: _revealed(of_side) for side, of_side in by_side.items()}


def _revealed(told: list[_Told]) -> RevealedSystem:
    first = told[0]
    cost = _total(one.cost_usd for one in told)
    return RevealedSystem(
        name=first.name,
        organisation=first.organisation,
        version=first.version,
        licence=first.licence,
        latency_s=_rounded(_total(one.latency_s for one in told)),
        ttft_s=_rounded(first.ttft_s),
        output_tokens=_total(one.output_tokens for one in told),
        cost_usd=None if cost is None else float(cost),
        answered_by=first.answered_by,
    )


def _total(values: Iterable[_Number | None]) -> _Number | None:
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
