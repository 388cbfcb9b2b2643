"""What was heard of a battle's clips, as rows: the gate before a vote, and the reports that open it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction

from arena.accounts.models import Voter
from arena.arenas.models import Arena, Modality
from arena.battles.models import Battle
from arena.battles.states import SIDES, BattleState, Side
from arena.media.selectors import players_of
from arena.votes.listening import Ledger, Report
from arena.votes.models import Listening

#: Of a clip that is hardly longer than what must be heard, the last half second may stay unheard.
_END_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of each side and what a vote needs of each, in seconds; `seq`: the highest number reported."""

    seconds: Mapping[Side, float]
    required_s: float
    seq: int

    def missing(self) -> dict[Side, float]:
        """Side → seconds that a vote still lacks, for the sides that lack any."""
        lacks = {side: round(self.required_s - self.seconds[side], 3) for side in SIDES}
        return {side: lack_s for side, lack_s in lacks.items() if lack_s > 0}

    def as_dict(self) -> dict[str, Any]:
        """The fields of the contract's frame."""
        return {**{f"{side}_s": self.seconds[side] for side in SIDES}, "required_s": self.required_s, "seq": self.seq}


def is_heard(modality: str) -> bool:
    """Whether votes in arenas of this modality rest on listening."""
    return modality == Modality.MUSIC.value


def heard_of(battle: Battle) -> Heard:
    """What was heard of a battle so far; nothing where nobody has reported."""
    row = Listening.objects.filter(battle_id=battle.pk).first()
    return _heard(battle.arena, _ledger(row) if row else None)


def server_clock_s() -> float:
    """The database's clock: a socket adds its own monotonic time to what this said when it began."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


def record_listening(battle_id: uuid.UUID, voter: Voter, reports: Sequence[Report]) -> Heard | None:
    """Add reports to the battle's account, in the order in which they arrived.

    Returns:
        What was heard now; None where nothing is recorded: the battle is not this voter's, takes no vote, or has no
        clips.
    """
    with transaction.atomic():
        battle = (
            Battle.objects.filter(id=battle_id, voter=voter, state=BattleState.READY.value)
            .select_related("arena")
            .first()
        )
        row = _locked(battle) if battle is not None and is_heard(battle.arena.modality) else None
        if battle is None or row is None:
            return None
        ledger = _ledger(row)
        for report in reports:
            ledger.add(report)
        _keep(row, ledger)
    return _heard(battle.arena, ledger)


def _locked(battle: Battle) -> Listening | None:
    """The battle's row, made by the first report, and locked: two tabs report to two processes."""
    rows = Listening.objects.select_for_update()
    if row := rows.filter(battle_id=battle.pk).first():
        return row
    players = players_of(battle)
    if set(players) != set(SIDES):
        return None
    durations = {f"{side}_duration_s": player.duration_s for side, player in players.items()}
    Listening.objects.get_or_create(battle_id=battle.pk, defaults=durations)
    return rows.get(battle_id=battle.pk)


def _by_side(row: Listening, name: str) -> dict[Side, Any]:
    return {side: getattr(row, f"{side}_{name}") for side in SIDES}


def _ledger(row: Listening) -> Ledger:
    durations_s = _by_side(row, "duration_s")
    if not row.working:
        return Ledger(durations_s)
    heard_s, intervals = _by_side(row, "heard_s"), _by_side(row, "intervals")
    tracks = {
        side: {**row.working["tracks"][side], "heard_ms": round(heard_s[side] * 1000), "intervals": intervals[side]}
        for side in SIDES
    }
    return Ledger.resumed(durations_s, {**row.working, "tracks": tracks})


def _keep(row: Listening, ledger: Ledger) -> None:
    state = ledger.state()
    for side in SIDES:
        track = state["tracks"][side]
        setattr(row, f"{side}_heard_s", track.pop("heard_ms") / 1000)
        setattr(row, f"{side}_intervals", track.pop("intervals"))
    row.working = state
    row.save(update_fields=["working", *(f"{side}_{name}" for side in SIDES for name in ("heard_s", "intervals"))])


def _heard(arena: Arena, ledger: Ledger | None) -> Heard:
    if ledger is None:
        return Heard(dict.fromkeys(SIDES, 0.0), arena.min_listen_s, 0)
    shortest_s = min(ledger.duration_s.values())
    seconds = {side: ledger.tracks[side].heard_s for side in SIDES}
    seq = max(track.last_seq for track in ledger.tracks.values())
    return Heard(seconds, max(0.0, min(arena.min_listen_s, shortest_s - _END_S)), max(0, seq))
