"""How fast systems make music, beside how good it is."""

import pytest

from arena.arenas.models import Arena
from arena.rankings.filters import filter_of
from arena.rankings.selectors import leaderboard
from arena.rankings.services import refresh_board
from arena.rankings.value import values_of
from tests.rankings.music_board import voted_music_arena


@pytest.fixture
def arena(db: None) -> Arena:
    return voted_music_arena()


def test_the_median_speed_factor_and_the_front_stand_beside_the_rating(arena: Arena) -> None:
    board = leaderboard(arena)
    values = {one.system: one for one in values_of(arena, board)}

    assert board.rows[0].system == "CanaryBand"
    assert values["CanaryBand"].speed_factor == pytest.approx(48 / 10)
    assert values["CanaryChip"].speed_factor == pytest.approx(20 / 4)
    assert values["CanaryBand"].wait_per_minute_s == pytest.approx(12.5)
    assert values["CanaryChip"].on_speed_front
    assert values["CanaryBand"].on_speed_front
    assert (values["CanaryBand"].licence, values["CanaryBand"].training_data) == ("MIT", "Own songs")


@pytest.mark.parametrize(("kind", "votes"), [("instrumental", 5), ("vocal", 0)])
def test_a_singer_that_was_asked_for_no_voice_counts_among_the_instrumental(
    arena: Arena, kind: str, votes: int
) -> None:
    chosen = filter_of(None, [kind])
    refresh_board(arena.id, chosen)
    rows = leaderboard(arena, chosen).rows
    assert {row.system: row.votes for row in rows} == {"CanaryBand": votes, "CanaryChip": votes}
