"""Votes as tests of rankings cast them."""

from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.battles.models import Response
from arena.battles.states import SIDES
from arena.rankings.folding import recount
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote
from tests.ballots import make_arena, make_battle, make_battles, make_versions

CODE = "How do I sort a list in Python by its second field?"


#: Left, right, and what was voted.
Ballot = tuple[SystemVersion, SystemVersion, Outcome]


def vote(arena: Arena, left: SystemVersion, right: SystemVersion, outcome: Outcome, **battle: Any) -> Vote:
    """A vote, cast by its voter."""
    made = make_battle(arena, left, right, **battle)
    return cast_vote(made.id, made.voter, outcome).vote


def vote_rows(arena: Arena, ballots: Sequence[Ballot], **battle: Any) -> list[Vote]:
    """The rows that such votes leave: eight statements, however many they are."""
    battles = make_battles(arena, [(left, right) for left, right, _outcome in ballots], state="voted", **battle)
    return Vote.objects.bulk_create(
        Vote(
            battle=made,
            voter=made.voter,
            outcome=outcome.value,
            turn_n=battle.get("turns", 1),
            reasons={side: [] for side in SIDES},
            feedback=dict.fromkeys(SIDES, ""),
        )
        for made, (_left, _right, outcome) in zip(battles, ballots, strict=True)
    )


def three_systems() -> tuple[Arena, list[SystemVersion], list[tuple[SystemVersion, SystemVersion]]]:
    """Ada, Bell and Cray, and each pair of them, the earlier one left."""
    arena = make_arena()
    ada, bell, cray = versions = make_versions(arena, ["Ada", "Bell", "Cray"])
    return arena, versions, [(ada, bell), (bell, cray), (ada, cray)]


def reveal(vote: Vote, side: str, **where: Any) -> None:
    Response.objects.filter(turn__battle=vote.battle_id, side=side, **where).update(identity_matches=["I am Ada"])


def assert_recounted(arena: Arena) -> None:
    assert recount(arena.id).agrees


def retire(version: SystemVersion) -> None:
    SystemVersion.objects.filter(id=version.id).update(retired_at=Now())


def three_to_one() -> tuple[Arena, list[SystemVersion]]:
    """Ada beats Bell by three to one; both are rated."""
    arena = make_arena()
    versions = make_versions(arena, ["Ada", "Bell"])
    ada, bell = versions
    vote_rows(arena, [*[(ada, bell, Outcome.LEFT)] * 3, (ada, bell, Outcome.RIGHT)])
    return arena, versions
