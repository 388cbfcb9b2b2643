"""What 40 simulated votes of known strengths leave behind."""

from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_django import DjangoDbBlocker

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle, Response
from arena.rankings.selectors import leaderboard
from arena.rankings.services import recount
from arena.rankings.value import values_of
from arena.rankings.voters import MEAN
from arena.votes.models import Vote
from tests.kept_rows import kept_rows
from tests.rankings.simulating import simulate, simulated_arena

pytestmark = pytest.mark.django_db

BATTLES = 40


class Simulated(NamedTuple):
    """The arena, the true strengths, and what was said meanwhile."""

    arena: Arena
    truth: dict[str, float]
    said: str


@pytest.fixture(scope="module")
def simulated(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Simulated]:
    with kept_rows(django_db_blocker):
        arena = simulated_arena("demo", tmp_path_factory.mktemp("demo"))
        with redirect_stderr(StringIO()) as said:
            truth = simulate(battles=BATTLES, seed=3)["strengths"]
        yield Simulated(arena, truth, said.getvalue())


def test_known_strengths_are_inside_their_intervals(simulated: Simulated) -> None:
    arena, truth, said = simulated
    board = leaderboard(arena)
    assert (board.status, board.counted, board.simulated) == ("ok", BATTLES, BATTLES)
    for row in board.rows:
        assert row.lower is not None
        assert row.upper is not None
        assert row.lower <= truth[row.system] <= row.upper
    assert sum(truth.values()) / len(truth) == pytest.approx(MEAN)
    assert recount(arena.id).agrees
    assert f"{BATTLES}/{BATTLES} battles" in said


def test_the_same_seed_gives_the_same_battles_and_votes(simulated: Simulated, tmp_path: Path) -> None:
    simulated_arena("twin", tmp_path)
    simulate(arena="twin", battles=16, seed=3)
    columns = ("pairing__left__system__name", "pairing__right__system__name", "id")
    first, second = (
        [
            (left, right, vote.outcome, vote.reasons)
            for left, right, battle in Battle.objects.filter(arena__slug=slug)
            .order_by("created_at")
            .values_list(*columns)[:16]
            for vote in Vote.objects.filter(battle=battle)
        ]
        for slug in ("demo", "twin")
    )
    assert len(first) == 16
    assert first == second
    assert len({pair[:2] for pair in first}) > 10


def test_everything_simulated_is_marked_so(simulated: Simulated) -> None:
    assert Battle.objects.filter(is_simulated=True, state="voted").count() == Vote.objects.count() == BATTLES
    assert not Voter.objects.filter(is_simulated=False).exists()


def test_answers_cost_what_the_systems_declare_and_take_time(simulated: Simulated) -> None:
    found = Response.objects.select_related("version")
    assert len(found) == 2 * BATTLES
    for one in found:
        spent = (
            one.input_tokens * one.version.price_in_usd_per_mtok
            + one.output_tokens * one.version.price_out_usd_per_mtok
        )
        assert one.cost_usd == pytest.approx(spent / 1_000_000)
        assert 0 < one.ttft_s < one.latency_s
    arena = Arena.objects.get(pk=simulated.arena.pk)
    arena.listed_from_votes = 0
    values = values_of(arena, leaderboard(arena))
    assert sum(one.simulated for one in values) == sum(one.calls for one in values) == 2 * BATTLES
    assert all(one.cost_per_win_usd for one in values if one.win_share)
    assert any(one.on_cost_front for one in values)
