"""Cast the one vote of a battle.

    VoteError
    ├── VoteInvalid     the vote says something that cannot be stored; `field` and `code` name it
    ├── VoteConflict    the battle has a vote, and it says something else
    └── NotHeard        too little of a clip was heard; `heard` says how much, `missing` what a vote lacks

`BattleNotFound` and `NotReady` come from `arena.battles.errors`.
"""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Max

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles import moves
from arena.battles.errors import BattleNotFound, NotReady
from arena.battles.models import Battle
from arena.battles.states import SIDES, BattleState, Side
from arena.common import measures, outbox, queue
from arena.votes.hearing import Heard, heard_of, is_heard, record_listening, server_clock_s
from arena.votes.models import Vote
from arena.votes.outcome import FEEDBACK_MAX_CHARS, REASONS, REASONS_OF, Outcome

__all__ = [
    "BattleNotFound",
    "Cast",
    "Heard",
    "NotHeard",
    "NotReady",
    "VoteConflict",
    "VoteInvalid",
    "cast_vote",
    "heard_of",
    "is_heard",
    "last_settled_vote",
    "record_listening",
    "server_clock_s",
    "vote_of",
]

#: First key of the advisory lock that orders votes and folds of one arena; the second is the arena's id.
ADVISORY_LOCK: Final = 0x766F7465


# By hand: building these through the ORM takes several times as long as PostgreSQL needs to run them.
_LOCK_SQL: Final = """
SELECT b.*, a.slug AS arena_slug, a.modality AS arena_modality, pg_advisory_xact_lock_shared(%s, a.id::integer) AS held
FROM battles_battle b JOIN arenas_arena a ON a.id = b.arena_id
WHERE b.id = %s AND b.voter_id = %s
"""
_INSERT_SQL: Final = """
INSERT INTO votes_vote (battle_id, voter_id, outcome, turn_n, reasons, feedback)
SELECT %s, %s, %s, max(n), %s::jsonb, %s::jsonb FROM battles_turn WHERE battle_id = %s
RETURNING *
"""


class VoteError(Exception):
    """A vote cannot be taken as it is."""


class VoteInvalid(VoteError):
    """The vote says something that cannot be stored."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code


class VoteConflict(VoteError):
    """The battle has a vote already, and it says something else."""


class NotHeard(VoteError):
    """Too little of a clip was heard so far."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(f"seconds missing: {dict(heard.missing())}")
        self.heard = heard
        self.missing = heard.missing()


@dataclass(frozen=True, slots=True)
class Cast:
    """The battle with its vote, and whether this call stored it."""

    battle: Battle
    vote: Vote
    created: bool


def cast_vote(
    battle_id: uuid.UUID,
    voter: Voter | None,
    outcome: Outcome,
    reasons: Mapping[Side, Sequence[str]] | None = None,
    feedback: Mapping[Side, str] | None = None,
) -> Cast:
    """Store the vote, close the battle and promise a new leaderboard, in one transaction of four statements.

    Casting the same vote again (outcome, reasons and feedback alike; order and repetition of reasons do not matter)
    returns the stored one. Anything else on a voted battle is a conflict, also a change of reasons alone: a vote is
    never edited.

    Raises:
        VoteInvalid: an unknown reason or side, or feedback that is too long or no text.
        BattleNotFound: unknown or somebody else's, told apart by nothing.
        NotReady: the answers are still being written, or the battle ended without a vote.
        NotHeard: too little of a clip was heard.
        VoteConflict: the battle has another vote.
    """
    checked = _checked_reasons(reasons)
    said = {"outcome": outcome.value, "reasons": checked, "feedback": _checked_feedback(feedback)}
    if voter is None:
        raise BattleNotFound(str(battle_id))
    with transaction.atomic():
        battle = _locked_battle(battle_id, voter)
        _require_reasons_of(battle.arena.modality, checked)
        # A simulated battle has no clips, and a voter without ears.
        if battle.state == BattleState.READY.value and is_heard(battle.arena.modality) and not battle.is_simulated:
            _require_heard(battle)
        if moves.mark_voted(battle_id):
            battle.state = BattleState.VOTED.value
            return Cast(battle, _insert(battle, voter, said), created=True)
    stored = Vote.objects.filter(battle_id=battle_id).first()
    if stored is None:
        raise NotReady(str(battle_id))
    if {name: getattr(stored, name) for name in said} != said:
        raise VoteConflict(str(battle_id))
    battle.state = BattleState.VOTED.value
    return Cast(battle, stored, created=False)


def vote_of(battle_id: uuid.UUID) -> Vote | None:
    """The vote of a battle, if it has one. The caller has made sure whose battle it is."""
    return Vote.objects.filter(battle_id=battle_id).first()


def last_settled_vote(arena_id: int) -> int:
    """An id up to which no vote of the arena can still appear; 0 without votes.

    The exclusive lock waits for the votes in flight, which hold the shared one since before they drew their ids, and
    is let go at once. A sequence alone would not do: a lower id may commit after a higher one.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_LOCK, arena_id])
        return Vote.objects.aggregate(last=Max("id"))["last"] or 0


def _locked_battle(battle_id: uuid.UUID, voter: Voter) -> Battle:
    """Find the voter's battle and hold off the reading of a fold's horizon until this transaction ends.

    The shared lock is taken before the vote draws its id. See `last_settled_vote`.
    """
    battle = next(iter(Battle.objects.raw(_LOCK_SQL, [ADVISORY_LOCK, battle_id, voter.pk])), None)
    if battle is None:
        raise BattleNotFound(str(battle_id))
    of_arena = {"id": battle.arena_id} | {name: getattr(battle, f"arena_{name}") for name in ("slug", "modality")}
    battle.arena = Arena.from_db(None, list(of_arena), list(of_arena.values()))
    return battle


def _require_reasons_of(modality: str, reasons: Mapping[str, Sequence[str]]) -> None:
    """A clip cannot be badly formatted, nor a text badly sung."""
    known = {code for codes in REASONS_OF[modality] for code in codes}
    for side, codes in reasons.items():
        if not known.issuperset(codes):
            raise _unknown_reason(side, known)


def _unknown_reason(side: str, known: Iterable[str]) -> VoteInvalid:
    return VoteInvalid(f"reasons.{side}", "unknown_reason", f"reasons are some of: {', '.join(sorted(known))}")


def _require_heard(battle: Battle) -> None:
    heard = heard_of(battle)
    if heard.missing():
        raise NotHeard(heard)


def _insert(battle: Battle, voter: Voter, said: dict[str, Any]) -> Vote:
    # The battle's row is locked by its change of state, so no turn can follow the last one.
    values = [battle.pk, voter.pk, said["outcome"], json.dumps(said["reasons"]), json.dumps(said["feedback"])]
    (vote,) = Vote.objects.raw(_INSERT_SQL, [*values, battle.pk])
    outbox.enqueue(queue.REFRESH_BOARD, battle.arena_id)
    transaction.on_commit(partial(measures.VOTES.count, battle.arena_id, vote.outcome), robust=True)
    return vote


def _checked_reasons(reasons: Mapping[Side, Sequence[str]] | None) -> dict[str, list[str]]:
    """Both sides' reasons in canonical order, each once."""
    given = _by_known_side("reasons", reasons)
    for side, codes in given.items():
        if isinstance(codes, str) or not isinstance(codes, Sequence):
            raise VoteInvalid(f"reasons.{side}", "not_a_list", "reasons are a list of codes")
        if any(not isinstance(code, str) or code not in REASONS for code in codes):
            raise _unknown_reason(side, REASONS)
    return {side: sorted(set(given.get(side, ()))) for side in SIDES}


def _checked_feedback(feedback: Mapping[Side, str] | None) -> dict[str, str]:
    """Both sides' feedback without white space around it; empty where nothing was said."""
    given = _by_known_side("feedback", feedback)
    texts = {side: given.get(side) or "" for side in SIDES}
    for side, text in texts.items():
        if not isinstance(text, str) or not _is_storable(text):
            raise VoteInvalid(f"feedback.{side}", "not_text", "feedback is text without NUL and lone surrogates")
        if len(text.strip()) > FEEDBACK_MAX_CHARS:
            raise VoteInvalid(f"feedback.{side}", "too_long", f"feedback has at most {FEEDBACK_MAX_CHARS} characters")
    return {side: text.strip() for side, text in texts.items()}


def _by_known_side(field: str, given: object) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not set(given) <= set(SIDES):
        raise VoteInvalid(field, "unknown_side", f"{field} are given by side: {', '.join(SIDES)}")
    return dict(given)


def _is_storable(text: str) -> bool:
    """PostgreSQL stores neither NUL nor half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)
