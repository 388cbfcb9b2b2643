"""A small arena with a month of finished battles, for releases."""

import hashlib
import random
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Modality
from arena.battles.models import Battle, Response, Turn
from arena.battles.states import SIDES
from arena.common.storage import Store
from arena.media.models import Clip
from arena.router.models import Pairing, Route, SamplingPolicy
from arena.systems.models import SystemVersion
from arena.votes.models import Listening, Vote
from data_releases.services import Month, window_of
from tests.ballots import make_arena, make_versions, make_voter, new_pairing, new_response, policy_of

OCTOBER: Month = window_of("2026-10")
FIRST = datetime(2026, 10, 3, 9, 30, 12, 345678, tzinfo=UTC)
OUTCOMES = ("left", "left", "right", "tie", "both_bad")


def make_world(
    battles: int = 60, *, slug: str = "text", voters: int = 6, demo: bool = False, publication: bool = True
) -> Arena:
    """An arena with three systems and voted battles from 3 October 2026 on, one an hour."""
    arena = make_arena(slug, demo=demo)
    versions = make_versions(arena, ("Ada", "Bert", "Cleo"))
    SystemVersion.objects.update(release_outputs=True)
    people = [make_voter() for _ in range(voters)]
    policy = policy_of(arena)
    rng = random.Random(5)
    _save(
        _rows(
            policy,
            *rng.sample(versions, 2),
            voter=rng.choice(people),
            at=FIRST + timedelta(hours=number),
            outcome=rng.choice(OUTCOMES),
            prompt=f"Question {number % 12}: why is the sky blue?",
            publication=publication,
        )
        for number in range(battles)
    )
    return arena


def add_battle(arena: Arena, left: SystemVersion, right: SystemVersion, **told: Any) -> Vote:
    """One voted battle of one turn, as `_rows` makes it."""
    rows = _rows(policy_of(arena), left, right, **told)
    _save([rows])
    return rows.vote


class Rows(NamedTuple):
    """A voted battle, not saved."""

    pairing: Pairing
    battle: Battle
    turn: Turn
    left: Response
    right: Response
    vote: Vote


def _rows(
    policy: SamplingPolicy,
    left: SystemVersion,
    right: SystemVersion,
    *,
    voter: Voter | None = None,
    at: datetime = FIRST,
    outcome: str = "left",
    prompt: str = "Why?",
    answers: dict[str, str] | None = None,
    feedback: dict[str, str] | None = None,
    publication: bool = True,
    response: dict[str, Any] | None = None,
) -> Rows:
    """One voted battle of one turn at a given time."""
    voter = voter or make_voter()
    pairing = new_pairing(policy, left, right)
    battle = Battle(
        arena=policy.arena, voter=voter, state="voted", pairing=pairing, publication=publication, created_at=at
    )  # fmt: skip
    turn = Turn(battle=battle, n=1, prompt=prompt)
    values: dict[str, Any] = {
        "finish_reason": "stop",
        "ttft_s": 0.123456,
        "latency_s": 1.987654,
        "input_tokens": 7,
        "output_tokens": 21,
        "cost_usd": "0.00012345",
        "identity_matches": [],
        **(response or {}),
    }
    sides = [
        new_response(
            turn,
            side,
            **{"content": f"The {side} answer."} | values | ({"content": answers[side]} if answers else {}),
        )
        for side in SIDES
    ]
    vote = Vote(
        battle=battle,
        voter=voter,
        outcome=outcome,
        turn_n=1,
        reasons={"left": ["useful"], "right": []},
        feedback=feedback or {"left": "", "right": ""},
        created_at=at,
    )
    return Rows(pairing, battle, turn, *sides, vote)


def _save(battles: Iterable[Rows]) -> None:
    """Five statements, however many battles there are."""
    pairings, rows, turns, left, right, votes = zip(*battles, strict=True)
    for kind, saved in (
        (Pairing, pairings), (Battle, rows), (Turn, turns), (Response, (*left, *right)), (Vote, votes),
    ):  # fmt: skip
        kind.objects.bulk_create(saved)


def hear(battle: Battle, **changes: Any) -> Listening:
    """What a player would have left of a battle's clips of 30 s: 12.345 s heard left, 6.5 s right."""
    values: dict[str, Any] = {
        "left_duration_s": 30.04,
        "right_duration_s": 30.04,
        "left_heard_s": 12.345,
        "right_heard_s": 6.5,
        "left_intervals": [[1234, 5678], [10_000, 17_901]],
        "right_intervals": [[0, 6500]],
        "working": {},
    }
    return Listening.objects.create(battle=battle, **values | changes)


def sing(files: Store, battle: Battle, *, sound: bytes = b"", **changes: Any) -> None:
    """What both systems of a battle would have left of their clips, in rows and in the store."""
    for response in Response.objects.filter(turn__battle=battle):
        key = f"clips/2026-10-03/{secrets.token_hex(16)}"
        data = sound or f"the sound of {response.pk}".encode()
        files.put(key, data)
        values: dict[str, Any] = {
            "key": key,
            "media_type": "audio/mpeg",
            "duration_s": 30.04,
            "peaks": [1, 100],
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "generated_s": 48.0,
            "prepared_in_s": 0.8,
        }
        Clip.objects.create(response=response, **values | changes)


def make_music() -> Arena:
    """An arena of music with two systems whose clips may be released."""
    arena = Arena.objects.create(slug="music", name="Music", modality=Modality.MUSIC)
    make_versions(arena, ("Ada", "Bert"))
    SystemVersion.objects.update(release_outputs=True)
    return arena


def add_song(
    files: Store, arena: Arena, number: int = 0, *, clip: dict[str, Any] | None = None, **told: Any
) -> Battle:
    """A voted battle of music with two clips, as `_rows` and `sing` make it."""
    ada, bert = SystemVersion.objects.filter(system__arena=arena).order_by("id")
    vote = add_battle(arena, ada, bert, **{"prompt": f"Waltz {number}"} | told)
    Response.objects.filter(turn__battle=vote.battle).update(content="")
    sing(files, vote.battle, **clip or {})
    return vote.battle


def route(battle: Battle, member: SystemVersion, side: str = "left") -> Route:
    """What a router on one side of a battle would have left."""
    scores = {f"{member.system.name} v{member.number}": 0.7123456}
    return Route.objects.create(pairing=battle.pairing, side=side, member=member, scores=scores)
