"""How fast systems make music, beside how good it is."""

import pytest

from arena.battles.models import Response
from arena.media.models import Clip
from arena.rankings.selectors import leaderboard
from arena.rankings.services import refresh_board
from arena.rankings.value import values_of
from arena.systems.models import SystemVersion
from arena.votes.outcome import Outcome
from tests.clips import make_music_arena, make_music_battle
from tests.votes.test_hearing import cast_vote, hear


@pytest.fixture
def voted(db: None) -> list[str]:
    """Five battles, voted on; the left system is the better and the slower one."""
    arena = make_music_arena()
    SystemVersion.objects.update(training_data="Own songs")
    for n in range(5):
        battle = make_music_battle(arena)
        hear(battle, {"left": 6, "right": 6})
        cast_vote(battle.id, battle.voter, Outcome.LEFT if n < 4 else Outcome.RIGHT)
        Response.objects.filter(turn__battle=battle, side="left").update(latency_s=8.0 + n)
    Clip.objects.filter(response__side="right").update(generated_s=20.0)
    refresh_board(arena.id)
    return [row.system for row in leaderboard(arena).rows]


def test_the_median_speed_factor_and_the_front_stand_beside_the_rating(voted: list[str]) -> None:
    from arena.arenas.models import Arena

    arena = Arena.objects.get()
    values = {one.system: one for one in values_of(arena, leaderboard(arena))}

    assert voted[0] == "CanaryBand"
    assert values["CanaryBand"].speed_factor == pytest.approx(48 / 10)
    assert values["CanaryChip"].speed_factor == pytest.approx(20 / 4)
    assert values["CanaryBand"].wait_per_minute_s == pytest.approx(12.5)
    assert values["CanaryChip"].on_speed_front
    assert values["CanaryBand"].on_speed_front
    assert (values["CanaryBand"].licence, values["CanaryBand"].training_data) == ("MIT", "Own songs")
