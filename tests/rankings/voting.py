"""Votes as tests of rankings cast them."""

from typing import Any

from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.battles.models import Response
from arena.rankings.folding import recount
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote
from tests.ballots import make_arena, make_battle, make_versions

CODE = "How do I sort a list in Python by its second field?"


def vote(arena: Arena, left: SystemVersion, right: SystemVersion, outcome: Outcome, **battle: Any) -> Vote:
    made = make_battle(arena, left, right, **battle)
    return cast_vote(made.id, made.voter, outcome).vote


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
    for outcome in (Outcome.LEFT, Outcome.LEFT, Outcome.LEFT, Outcome.RIGHT):
        vote(arena, *versions, outcome)
    return arena, versions
