"""Votes of simulated voters through the services that real ones use: battle, draw, answers, vote.

Everything is marked simulated, so that it counts in demo arenas only and the board says so. The seed fixes strengths,
what each system is good at, voters, their prompts, their judgement of each battle, the lengths and times of answers
and the seed of each draw: two arenas with equal systems and an equal past get equal votes. Answers cost what the
systems declare.

    SimulationError
    └── NobodyToCompare     the arena has fewer than two current systems, or none that can answer its prompts
"""

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Modality
from arena.battles import generation
from arena.battles.models import Battle, Turn
from arena.battles.services import start_battle
from arena.battles.states import SIDES, Side
from arena.battles.work import LeaseLost, Output, SideWork
from arena.rankings.by_vote import keep
from arena.rankings.services import refresh_arena, refresh_board
from arena.rankings.speech import Speaker, speaker_of
from arena.rankings.studies import study
from arena.rankings.tastes import Tastes, tastes_of
from arena.rankings.topics import Prompt, Prompts
from arena.rankings.voters import Judge, judges, strengths_of
from arena.systems.backends.base import Message
from arena.systems.services import can_answer, current_versions, suggested_prompts
from arena.votes.models import Vote
from arena.votes.outcome import REASONS_OF, Outcome
from arena.votes.services import cast_vote

#: Few battles each, as of real visitors: a release can tell voters and prompts of its parts apart.
VOTERS: Final = 600
#: Of an arena's own prompts, the most that are asked.
PROMPTS: Final = 500
#: Share of prompts that nobody else asks, where all systems answer any prompt.
INVENTED: Final = 0.8
#: For arenas that suggest no prompts.
FALLBACK_PROMPTS: Final = ("Explain why the sky is blue.", "Write a short poem about rain.", "Plan a week of dinners.")
REASON_SHARE: Final = 0.25
#: Of a draw's seed, as `router.sampler` takes it.
SEED_BITS: Final = 63
#: Battles between two reports of progress, and the most whose times are moved at once.
CHUNK: Final = 250

Window = tuple[datetime, datetime]


class SimulationError(Exception):
    """The simulation cannot run."""


class NobodyToCompare(SimulationError):
    """Fewer than two systems can answer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate. strengths: points by system name; systems left out draw theirs from the seed.

    window: when the battles seem to have happened, spread evenly; None: now.
    """

    battles: int
    seed: int
    strengths: Mapping[str, float]
    window: Window | None = None


def simulate(arena: Arena, plan: Plan, report: Callable[[int], None]) -> dict[str, float]:
    """Run the battles; `report` hears how many are done.

    Returns:
        The true strengths by system name, in points, mean 1000.

    Raises:
        NobodyToCompare: see there.
        UnknownSystem: a strength for a system that is not there.
    """
    names = {version.pk: version.system.name for version in current_versions(arena)}
    if len(names) < 2:
        raise NobodyToCompare(f"{arena.slug} has {len(names)} current systems")
    strengths = strengths_of(names.values(), plan.seed, plan.strengths)
    prompts = _prompts_of(arena, plan.seed)
    world = _World(
        arena=arena,
        prompts=prompts,
        tastes=tastes_of(strengths, plan.seed, prompts.shares),
        speakers={name: speaker_of(name, plan.seed) for name in strengths},
        crowd=_crowd(plan.seed),
    )
    with _relaxed_commits():
        done: list[UUID] = []
        for number in range(plan.battles):
            done.append(world.battle(random.Random(f"battle {plan.seed} {number}")))
            if len(done) == CHUNK or number + 1 == plan.battles:
                _move_to(done, number + 1, plan)
                if plan.window is not None:
                    refresh_board(arena.pk, simulated_at=_time_of(number, plan.window, plan.battles))
                report(number + 1)
                done.clear()
    refresh_arena(arena.pk)
    study(arena)
    keep(arena)
    return strengths


def _crowd(seed: int) -> list[tuple[Voter, Judge]]:
    voters = Voter.objects.bulk_create(Voter(is_simulated=True) for _voter in range(VOTERS))
    return list(zip(voters, judges(VOTERS, seed), strict=True))


def _prompts_of(arena: Arena, seed: int) -> Prompts:
    """The arena's own, and invented ones where every system answers anything that is asked in words."""
    known = sorted(suggested_prompts(arena, sys.maxsize))
    given = random.Random(f"prompts {seed}").sample(known, min(PROMPTS, len(known))) or list(FALLBACK_PROMPTS)
    anything = (Message("user", Prompts((), 1.0).one(random.Random(seed)).text),)
    answered = arena.modality == Modality.TEXT and all(can_answer(one, anything) for one in current_versions(arena))
    return Prompts(given, INVENTED if answered else 0.0)


@dataclass(frozen=True, slots=True)
class _World:
    """Who asks what, who is good at what, and how long that takes to say."""

    arena: Arena
    prompts: Prompts
    tastes: Tastes
    speakers: Mapping[str, Speaker]
    crowd: list[tuple[Voter, Judge]]

    def battle(self, rng: random.Random) -> UUID:
        """One battle from its prompt to its vote."""
        voter, judge = rng.choice(self.crowd)
        prompt = self.prompts.one(rng)
        battle = start_battle(self.arena, voter, prompt.text, simulated=True)
        seed, answers = rng.getrandbits(SEED_BITS), random.Random(rng.getrandbits(SEED_BITS))
        try:
            work = generation.complete_simulated(
                battle, lambda side, work: self._answer(side, work, prompt, answers), seed=seed
            )
        except LeaseLost as error:
            raise NobodyToCompare(f"no pair of systems answers {prompt.text!r}") from error
        # A router is as strong as the member that it picked.
        left, right = (work.sides[side].caller.system.name for side in SIDES)
        ahead = self.tastes.ahead(left, right, prompt.topic, rng)
        outcome = judge.decide(ahead, 0.0, rng)
        positive, _negative = REASONS_OF[self.arena.modality]
        reasons = {
            side: [rng.choice(positive)] for side in SIDES if outcome is Outcome(side) and rng.random() < REASON_SHARE
        }
        cast_vote(battle.id, voter, outcome, reasons)
        return battle.id

    def _answer(self, side: Side, work: SideWork, prompt: Prompt, rng: random.Random) -> Output:
        """What it would use if it answered. Music has no words and tokens; what its clips cost nobody declares."""
        spoken = self.speakers[work.caller.system.name].answer(prompt.text, rng)
        if self.arena.modality == Modality.MUSIC:
            return Output("", "", "stop", None, spoken.latency_s, None, None)
        tokens = spoken.input_tokens, spoken.output_tokens
        return Output(f"A simulated answer ({side}).", "", "stop", spoken.ttft_s, spoken.latency_s, *tokens)


@contextmanager
def _relaxed_commits() -> Iterator[None]:
    """Spare this session's commits the wait for the disk; a crash may cost the last few simulated rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
        try:
            yield
        finally:
            cursor.execute("RESET synchronous_commit")


def _move_to(battles: list[UUID], done: int, plan: Plan) -> None:
    """Give the last battles of `done` their times in the window; only rows of simulated battles are touched."""
    if plan.window is None:
        return
    first = done - len(battles)
    times = {battle: _time_of(first + k, plan.window, plan.battles) for k, battle in enumerate(battles)}
    with transaction.atomic():
        _set_times(Battle.objects.filter(id__in=battles), "pk", times, "created_at", "state_changed_at")
        _set_times(Turn.objects.filter(battle__in=battles), "battle_id", times, "created_at", "finished_at")
        _set_times(Vote.objects.filter(battle__in=battles), "battle_id", times, "created_at")


def _time_of(number: int, window: Window, battles: int) -> datetime:
    """When a battle of `battles` seems to have happened; they are spread evenly."""
    start, end = window
    return start + (end - start) / battles * number


def _set_times(rows: QuerySet[Any], battle: str, times: Mapping[UUID, datetime], *columns: str) -> None:
    moved = list(rows)
    for row in moved:
        for column in columns:
            setattr(row, column, times[getattr(row, battle)])
    rows.model.objects.bulk_update(moved, columns)
