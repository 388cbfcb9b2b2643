"""The state machine of a battle. Pure.

queued ──> generating ──> ready ──> voted
  │            │  ^         │
  │            │  └─────────┤  (a further turn)
  └──> failed <┘            └──> expired
refused (from the start: the prompt was not accepted, or no pair can answer it)
"""

from enum import Enum
from typing import Final, Literal, TypeAlias

Side: TypeAlias = Literal["left", "right"]
SIDES: Final[tuple[Side, Side]] = ("left", "right")


class BattleState(Enum):
    """Where a battle stands."""

    QUEUED = "queued"
    GENERATING = "generating"
    READY = "ready"
    VOTED = "voted"
    FAILED = "failed"
    REFUSED = "refused"
    EXPIRED = "expired"


#: Of a battle whose answers are still to come, as the database has it.
UNFINISHED: Final = (BattleState.QUEUED.value, BattleState.GENERATING.value)


class Phase(Enum):
    """What a worker does to a turn next. Text is complete when it is generated; audio is prepared after that."""

    GENERATE = "generate"
    PREPARE = "prepare"


class ResponseStatus(Enum):
    """Where one output stands. `DISCARDED`: fine in itself, but its pair was redrawn."""

    GENERATING = "generating"
    COMPLETE = "complete"
    FAILED = "failed"
    DISCARDED = "discarded"


_MOVES: Final[dict[BattleState, frozenset[BattleState]]] = {
    BattleState.QUEUED: frozenset({BattleState.GENERATING, BattleState.FAILED}),
    BattleState.GENERATING: frozenset({BattleState.READY, BattleState.FAILED, BattleState.REFUSED}),
    BattleState.READY: frozenset({BattleState.QUEUED, BattleState.VOTED, BattleState.EXPIRED}),
    BattleState.VOTED: frozenset(),
    BattleState.FAILED: frozenset(),
    BattleState.REFUSED: frozenset(),
    BattleState.EXPIRED: frozenset(),
}


def sources_of(target: BattleState) -> frozenset[BattleState]:
    """The states from which a battle may move to `target`."""
    return frozenset(source for source, targets in _MOVES.items() if target in targets)


def is_terminal(state: BattleState) -> bool:
    """Whether nothing can follow `state`."""
    return not _MOVES[state]
