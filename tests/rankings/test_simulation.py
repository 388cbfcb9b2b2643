"""Simulated voters of known strengths."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from arena.arenas.models import Arena
from arena.battles.models import Battle, Response, Turn
from arena.rankings.selectors import leaderboard
from arena.rankings.voters import Judge, judges, strengths_of
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from arena.votes.outcome import MUSIC_POSITIVE_REASONS, Outcome, mirrored
from tests.ballots import make_arena, make_version
from tests.contenders import replay_system
from tests.rankings.simulating import NAMES, simulate, simulated_arena

DEMO_MUSIC = str(Path(__file__).resolve().parents[2] / "ops/demo_music.yaml")


@pytest.fixture
def arena(db: None, tmp_path: Path) -> Arena:
    return simulated_arena("demo", tmp_path)


def test_music_is_voted_on_unheard_for_reasons_of_music(db: None) -> None:
    call_command("register_systems", DEMO_MUSIC, apply=True)
    simulate(arena="music", battles=8, seed=1)
    board = leaderboard(Arena.objects.get())
    assert (board.counted, board.simulated) == (8, 8)
    given = {code for vote in Vote.objects.all() for codes in vote.reasons.values() for code in codes}
    assert given
    assert given <= set(MUSIC_POSITIVE_REASONS)
    assert set(Response.objects.values_list("content", "output_tokens", "ttft_s")) == {("", None, None)}


def test_systems_that_answer_anything_are_asked_new_things(db: None) -> None:
    arena = make_arena("demo", demo=True)
    for name in ("Ada", "Bell"):
        version = make_version(arena, name)
        SystemVersion.objects.filter(pk=version.pk).update(
            backend="local", endpoint={"entry": "arena.systems.offline.eliza:reply"}
        )
    simulate(battles=14, seed=2)
    assert len(set(Turn.objects.values_list("prompt", flat=True))) > 10


def test_given_strengths_are_used_up_to_the_boards_centre(arena: Arena) -> None:
    truth = simulate(battles=0, seed=1, strengths=[f"{name}={100 * n}" for n, name in enumerate(NAMES)])["strengths"]
    assert truth == {name: pytest.approx(800 + 100 * n) for n, name in enumerate(NAMES)}


def test_battles_fall_evenly_into_the_window(arena: Arena) -> None:
    simulate(battles=4, seed=1, start=datetime(2026, 10, 1, tzinfo=UTC), end=datetime(2026, 10, 5, tzinfo=UTC))
    days = [datetime(2026, 10, day, tzinfo=UTC) for day in range(1, 5)]
    for times in (
        Vote.objects.values_list("created_at", flat=True),
        Battle.objects.values_list("created_at", flat=True),
        Turn.objects.values_list("finished_at", flat=True),
    ):
        assert sorted(times) == days
    assert list(Vote.objects.order_by("id").values_list("created_at", flat=True)) == days


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arena": "nowhere"}, "no arena"),
        ({"start": datetime(2026, 10, 1, tzinfo=UTC)}, "go together"),
        ({"strengths": ["Ada"]}, "NAME=POINTS"),
        ({"strengths": ["Zuse=1200"]}, "no such system: Zuse"),
    ],
)
def test_a_wrong_wish_is_refused_in_a_sentence(arena: Arena, options: dict[str, Any], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("simulate_votes", **{"arena": "demo", "battles": 1} | options)
    assert not Battle.objects.exists()


def test_another_than_a_demo_arena_needs_force_and_counts_nothing(arena: Arena) -> None:
    Arena.objects.update(is_demo=False)
    with pytest.raises(CommandError, match="no demo arena"):
        simulate(battles=1)
    simulate(battles=3, force=True)
    board = leaderboard(arena)
    assert (board.counted, board.excluded) == (0, {"simulated": 3})


def test_an_arena_without_a_pair_is_refused(db: None, tmp_path: Path) -> None:
    replay_system(make_arena("demo", demo=True), "Ada", {"Why?": "Because."}, tmp_path)
    with pytest.raises(CommandError, match="1 current systems"):
        simulate(battles=1)


@pytest.mark.parametrize("left", [700.0, 1000.0, 1400.0])
@pytest.mark.parametrize("judge", [Judge(), Judge(0.0, 0.0), Judge(1.0, 1.0)])
def test_a_win_and_half_an_even_vote_are_the_models_expectation(left: float, judge: Judge) -> None:
    chances = judge.chances(left, 1000.0)
    assert sum(chances.values()) == pytest.approx(1)
    assert min(chances.values()) >= 0
    expected = 1 / (1 + 10 ** ((1000.0 - left) / 400))
    assert chances[Outcome.LEFT] + (chances[Outcome.TIE] + chances[Outcome.BOTH_BAD]) / 2 == pytest.approx(expected)
    swapped = judge.chances(1000.0, left)
    assert {mirrored(outcome): chance for outcome, chance in swapped.items()} == pytest.approx(chances)


def test_the_seed_decides_strengths_and_voters() -> None:
    assert strengths_of("ab", 1, {}) == strengths_of("ba", 1, {}) != strengths_of("ab", 2, {})
    assert judges(5, 1) == judges(5, 1) != judges(5, 2)
    assert Judge().decide(900, 1000, random.Random(4)) == Judge().decide(900, 1000, random.Random(4))
