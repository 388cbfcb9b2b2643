"""Rows that a vote needs: an arena, its systems, and battles that wait for their vote."""

import re
import secrets
from collections.abc import Iterable
from typing import Any

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle, Response, Turn
from arena.battles.states import SIDES, Side
from arena.rankings.filters import EVERYTHING, BoardFilter
from arena.rankings.pair_counts import PairCount
from arena.rankings.tallying import read
from arena.router.models import Pairing, SamplingPolicy
from arena.systems.models import System, SystemVersion


def make_voter(*, simulated: bool = False) -> Voter:
    """A browser's voter."""
    voter = _new_voter(simulated=simulated)
    voter.save()
    return voter


def _new_voter(*, simulated: bool = False) -> Voter:
    return Voter(cookie_sha256=secrets.token_bytes(32), is_simulated=simulated)


def make_arena(slug: str = "text", *, demo: bool = False) -> Arena:
    """An open arena."""
    return Arena.objects.create(slug=slug, name=slug.title(), is_demo=demo)


def make_version(arena: Arena, name: str, *, number: int = 1, behaviour: str = "") -> SystemVersion:
    """A version of the system called `name`, which is made where it is missing."""
    found = System.objects.filter(arena=arena, name=name).first()
    version = _new_version(found or System.objects.create(arena=arena, name=name), number, behaviour)
    version.save()
    return version


def make_versions(arena: Arena, names: Iterable[str]) -> list[SystemVersion]:
    """One first version for every name, of systems that are not there yet: two statements, however many they are."""
    systems = System.objects.bulk_create(System(arena=arena, name=name) for name in names)
    return SystemVersion.objects.bulk_create(_new_version(system) for system in systems)


def _new_version(system: System, number: int = 1, behaviour: str = "") -> SystemVersion:
    return SystemVersion(
        system=system,
        number=number,
        organisation=f"{system.name} Ltd",
        access="open",
        licence="MIT",
        backend="replay",
        behaviour=behaviour or f"{system.name}-{number}",
    )


def tallied(arena: Arena, chosen: BoardFilter = EVERYTHING) -> dict[tuple[int, int], PairCount]:
    """What is counted on a board, by (left, right)."""
    found = read(arena.id, chosen)
    keys = zip(found.left.tolist(), found.right.tolist(), strict=True)
    return {key: PairCount(*counts) for key, counts in zip(keys, found.counts.T.tolist(), strict=True)}


def policy_of(arena: Arena) -> SamplingPolicy:
    """The arena's first policy, made where it is missing."""
    found = SamplingPolicy.objects.filter(arena=arena, number=1).first()
    return found or SamplingPolicy.objects.create(arena=arena, number=1)


def make_pairing(arena: Arena, left: SystemVersion, right: SystemVersion) -> Pairing:
    """A pairing as a draw would have stored it."""
    pairing = new_pairing(policy_of(arena), left, right)
    pairing.save()
    return pairing


def new_pairing(policy: SamplingPolicy, left: SystemVersion, right: SystemVersion) -> Pairing:
    """The same, not saved."""
    return Pairing(
        arena=policy.arena,
        policy=policy,
        left=left,
        right=right,
        pool=[[left.id, 1.0], [right.id, 1.0]],
        pair_propensity=1.0,
        side_propensity=0.5,
        seed=secrets.randbits(62),
    )


def make_battle(arena: Arena, left: SystemVersion, right: SystemVersion, **more: Any) -> Battle:
    """A battle whose answers are complete and looked at. `more`: as in `make_battles`."""
    (battle,) = make_battles(arena, [(left, right)], **more)
    return battle


def make_battles(
    arena: Arena,
    pairs: Iterable[tuple[SystemVersion, SystemVersion]],
    *,
    voter: Voter | None = None,
    state: str = "ready",
    turns: int = 1,
    simulated: bool = False,
    prompt: str = "Why is the sky blue?",
) -> list[Battle]:
    """One such battle for each pair, of a voter each unless of `voter`: six statements, however many they are."""
    policy = policy_of(arena)
    pairings = Pairing.objects.bulk_create(new_pairing(policy, left, right) for left, right in pairs)
    voters = [voter] * len(pairings) if voter else Voter.objects.bulk_create(_new_voter() for _pairing in pairings)
    battles = Battle.objects.bulk_create(
        Battle(arena=arena, voter=one, state=state, pairing=pairing, is_simulated=simulated)
        for one, pairing in zip(voters, pairings, strict=True)
    )
    asked = Turn.objects.bulk_create(
        Turn(battle=battle, n=n, prompt=prompt) for battle in battles for n in range(1, turns + 1)
    )
    Response.objects.bulk_create(
        new_response(turn, side, content=f"Answer {turn.n} {side}", identity_matches=[], identity_list_version="1")
        for turn in asked
        for side in SIDES
    )
    return battles


def new_response(turn: Turn, side: Side, **values: Any) -> Response:
    """An answer of the battle's pair that is complete, to be saved."""
    pairing = turn.battle.pairing
    version = getattr(pairing, side)
    return Response(turn=turn, side=side, pairing=pairing, version=version, status="complete", attempt=1, **values)


def named(text: str, *names: str) -> set[str]:
    """Those of the names that stand in a text as words: a random token of a page holds any three letters at times."""
    return set(re.findall(rf"\b(?:{'|'.join(names)})\b", text))
