"""A turn in the hands of a worker: what is to be generated, what came of it, and the fence around both.

Whoever generates a turn holds its lease and its attempt number. The attempt is the fence: every write names it, so a
worker that lost its lease (it was killed, it hung, its clock jumped) changes nothing afterwards.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection
from django.db.models import QuerySet

from arena.battles.models import Response
from arena.battles.states import ResponseStatus, Side
from arena.systems.backends.base import Message
from arena.systems.models import SystemVersion


class LeaseLost(Exception):
    """Another worker has this turn now; nothing was written."""


@dataclass(frozen=True, slots=True)
class SideWork:
    """One side to generate. `requirement`: what the prompt needs, the same for both sides.

    `member`: who answers for `version`, where that is a router.
    """

    response_id: int
    version: SystemVersion
    messages: tuple[Message, ...]
    requirement: Mapping[str, Any] = field(default_factory=dict)
    member: SystemVersion | None = None

    @property
    def caller(self) -> SystemVersion:
        """Who is called, charged and believed to be well."""
        return self.member or self.version


@dataclass(frozen=True, slots=True)
class TurnWork:
    """One claimed turn. `may_redraw`: the pair may still be replaced as long as nothing was shown.

    `waited_s`: from the visitor's request to the claim, by the database's clock.
    """

    turn_id: int
    battle_id: uuid.UUID
    n: int
    attempt: int
    sides: Mapping[Side, SideWork]
    may_redraw: bool
    waited_s: float = 0.0
    arena_id: int = 0
    gives_audio: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """What one side said, in full. Times in seconds from the call.

    `withheld`: what had come besides when the visitor stopped the writing; nobody reads it, but it was paid for.
    """

    content: str
    reasoning: str
    finish_reason: str
    ttft_s: float | None
    latency_s: float
    input_tokens: int | None
    output_tokens: int | None
    withheld: str = ""


#: What a call is known to have said whose worker was lost.
NOTHING_KNOWN: Final = Output("", "", "", None, 0.0, None, None)


_FENCE_SQL: Final = "SELECT 1 FROM battles_turn WHERE id = %s AND attempt = %s AND finished_at IS NULL FOR UPDATE"


def fence(turn_id: int, attempt: int) -> None:
    """Lock the turn, if it is still ours; inside the caller's transaction.

    Raises:
        LeaseLost: it is not.
    """
    with connection.cursor() as cursor:
        # SQL: every turn passes here three times, and the ORM takes longer to say it than PostgreSQL to do it.
        cursor.execute(_FENCE_SQL, [turn_id, attempt])
        if not cursor.fetchone():
            raise LeaseLost(f"turn {turn_id} attempt {attempt}")


def live(turn_id: int) -> QuerySet[Response]:
    """The calls of this turn that still run."""
    return Response.objects.filter(turn_id=turn_id, status=ResponseStatus.GENERATING.value)


def holder(turn_id: int) -> str:
    """For whom budget is reserved: the turn, so that retries and takeovers reserve nothing twice."""
    return f"turn-{turn_id}"
