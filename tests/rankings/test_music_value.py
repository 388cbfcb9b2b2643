"""How fast systems make music, beside how good it is."""

import pytest

from arena.arenas.models import Arena
from arena.battles.models import Battle, Response
from arena.media.models import Clip
from arena.rankings.filters import filter_of
from arena.rankings.selectors import leaderboard
from arena.rankings.services import refresh_board
from arena.rankings.value import values_of
from arena.systems.models import SystemVersion
from arena.votes.outcome import Outcome
from tests.clips import make_music_arena, make_music_battle
from tests.votes.test_hearing import cast_vote, hear


def voted_arena() -> Arena:
    """Five battles on an instrumental prompt, voted on; the left system can sing, is the better and the slower one."""
    arena = make_music_arena()
    arena.listed_from_votes = 0
    SystemVersion.objects.update(training_data="Own songs", signature={"vocals": "none"})
    SystemVersion.objects.filter(system__name="CanaryBand").update(
        signature={"vocals": "optional", "lyrics": ["accepts", "generates"]}
    )
    for n in range(5):
        battle = make_music_battle(arena)
        Battle.objects.filter(id=battle.id).update(requirement={"vocals": False, "duration_s": 30})
        hear(battle, {"left": 6, "right": 6})
        cast_vote(battle.id, battle.voter, Outcome.LEFT if n < 4 else Outcome.RIGHT)
        Response.objects.filter(turn__battle=battle, side="left").update(latency_s=8.0 + n)
    Clip.objects.filter(response__side="right").update(generated_s=20.0)
    refresh_board(arena.id)
    return arena


@pytest.fixture
def arena(db: None) -> Arena:
    return voted_arena()


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
