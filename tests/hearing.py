"""Players of clips, as far as their reports go."""

from arena.battles.models import Battle
from arena.battles.states import Side
from arena.votes.listening import Report, ReportKind
from arena.votes.services import record_listening


def heard_reports(
    side: Side, seconds: float, *, at_s: float = 1000.0, seq: int = 1, source: str = "a"
) -> list[Report]:
    """A player that played the clip's first `seconds`."""
    return [
        Report(source, side, ReportKind.PLAY, 0.0, seq, False, at_s),
        Report(source, side, ReportKind.PAUSE, seconds, seq + 1, False, at_s + seconds),
    ]


def hear(battle: Battle, seconds: dict[Side, float]) -> None:
    """Play the clips one after the other."""
    for n, (side, length_s) in enumerate(seconds.items()):
        record_listening(battle.id, battle.voter, heard_reports(side, length_s, at_s=1000.0 * (n + 1)))
