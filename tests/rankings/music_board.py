"""A board of music with its votes."""

from arena.arenas.models import Arena
from arena.battles.models import Battle, Response
from arena.media.models import Clip
from arena.rankings.services import refresh_board
from arena.systems.models import SystemVersion
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote
from tests.clips import make_music_arena, make_music_battle
from tests.hearing import hear


def voted_music_arena() -> Arena:
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
