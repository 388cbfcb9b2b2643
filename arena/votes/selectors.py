"""A battle as its voter may see it: blind until the vote is stored, revealed after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from arena.arenas.models import Modality
from arena.battles.models import Battle
from arena.battles.selectors import BlindBattle, RevealedSystem, blind_battle, revealed_battle
from arena.battles.states import BattleState, Side
from arena.media.selectors import RevealedClip, players_of, revealed_clips
from arena.votes.models import Vote
from arena.votes.receipts import receipt_of


@dataclass(frozen=True, slots=True)
class RevealedBattle:
    """A battle after its vote."""

    blind: BlindBattle
    outcome: str
    reasons: dict[str, list[str]]
    feedback: dict[str, str]
    systems: dict[Side, RevealedSystem]
    clips: Mapping[Side, RevealedClip] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The contract's keys, the same as before the vote."""
        return {
            **self.blind.as_dict(),
            "vote": {"outcome": self.outcome, "reasons": self.reasons, "feedback": self.feedback},
            "systems": {side: system.as_dict() | self._clip(side) for side, system in self.systems.items()},
            "receipt": receipt_of(self.blind.id),
        }

    def _clip(self, side: Side) -> dict[str, Any]:
        """What an arena of music adds to the contract's keys."""
        clip = self.clips.get(side)
        if clip is None:
            return {}
        download_url = f"/battles/{self.blind.id}/clips/{side}" if clip.downloadable else None
        return {
            "speed_factor": clip.speed_factor,
            "training_data": clip.training_data,
            "lyrics": clip.lyrics,
            "download_url": download_url,
        }


def view_of(battle: Battle, vote: Vote | None = None) -> BlindBattle | RevealedBattle:
    """What the voter of this battle may see of it now; `vote`: the battle's vote, where the caller has it at hand."""
    if battle.state != BattleState.VOTED.value:
        return _heard(battle, blind_battle(battle))
    vote = vote or Vote.objects.get(battle=battle)
    blind, systems = revealed_battle(battle)
    clips = {} if battle.arena.modality == Modality.TEXT else revealed_clips(battle)
    return RevealedBattle(_heard(battle, blind), vote.outcome, vote.reasons, vote.feedback, systems, clips)


def _heard(battle: Battle, blind: BlindBattle) -> BlindBattle:
    """The view with what can be played; clips belong to the first turn, which is the only one of such an arena."""
    if battle.arena.modality == Modality.TEXT or not (players := players_of(battle)):
        return blind
    first, *others = blind.turns
    return replace(blind, turns=(replace(first, players=players), *others))
