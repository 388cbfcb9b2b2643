"""The settings that make a board: everything, besides the votes, that its numbers depend on. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeAlias

from arena.rankings.terms import BOTH_BAD, LEVEL, MEAN, SCALE, TIES, TOLERANCE, BothBad, Ties

Intervals: TypeAlias = Literal["sandwich", "fisher", "bootstrap", "clustered", "clustered-bootstrap"]
Sequence: TypeAlias = Literal["off", "each", "joint"]
Undetermined: TypeAlias = Literal["status", "refuse", "regularise"]

INTERVALS: Final[tuple[Intervals, ...]] = ("sandwich", "fisher", "bootstrap", "clustered", "clustered-bootstrap")
SEQUENCES: Final[tuple[Sequence, ...]] = ("off", "each", "joint")
UNDETERMINED: Final[tuple[Undetermined, ...]] = ("status", "refuse", "regularise")
_ALLOWED: Final[dict[str, tuple[str, ...]]] = {
    "ties": TIES,
    "both_bad": BOTH_BAD,
    "intervals": INTERVALS,
    "sequence": SEQUENCES,
    "undetermined": UNDETERMINED,
}
#: Needed for a clustered interval: who voted.
CLUSTERED: Final = frozenset({"clustered", "clustered-bootstrap"})
#: Imagined votes of a contender, half won and half lost, where undetermined ratings are to be regularised.
PRIOR: Final = 1.0


class BadMethod(ValueError):
    """A setting that does not exist, or is out of range."""


@dataclass(frozen=True, slots=True)
class Method:
    """How votes become a board.

    ties: half a win each, or a model of ties. both_bad: as a tie, left out, or left out and told as a rate of its own.
    intervals: see `intervals` and `bootstrap`. level: of every interval. simultaneous: whether limits and ranks hold
    for the whole board at once; ranks otherwise come from the overlap of single intervals. sequence: limits that hold
    at every look, for each contender or for all of them together. anchor: the name of the contender whose rating is
    `anchor_rating`; None puts the mean there. weights: what the votes' weights are, in a word. seed: of draws and
    replicates. minimum_votes: contenders with fewer get a status instead of a number. undetermined: what is done where
    the votes do not determine ratings.
    """

    ties: Ties = "half"
    both_bad: BothBad = "tie"
    intervals: Intervals = "sandwich"
    level: float = LEVEL
    simultaneous: bool = True
    sequence: Sequence = "each"
    anchor: str | None = None
    anchor_rating: float = MEAN
    weights: str = "one"
    seed: int = 0
    replicates: int = 1000
    minimum_votes: int = 0
    undetermined: Undetermined = "status"

    def __post_init__(self) -> None:
        for name, allowed in _ALLOWED.items():
            if getattr(self, name) not in allowed:
                raise BadMethod(f"{name} must be one of {', '.join(allowed)}, not {getattr(self, name)!r}")
        if not 0.5 <= self.level < 1:
            raise BadMethod(f"level must be at least 0.5 and below 1, not {self.level}")
        if self.seed < 0 or self.minimum_votes < 0 or self.replicates < 2:
            raise BadMethod("seed and minimum_votes must not be negative, and replicates at least 2")

    def described(self) -> dict[str, Any]:
        """For JSON: the settings, and the constants that they go with."""
        settings = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            "name": "bradley-terry",
            **settings,
            "both_bad": "half" if self.both_bad == "tie" else self.both_bad,
            "mean": MEAN,
            "scale": SCALE,
            "tolerance": TOLERANCE,
            "ranks": "simultaneous" if self.simultaneous else "interval-overlap",
        }

    @classmethod
    def from_description(cls, described: Mapping[str, Any]) -> "Method":
        """The method of a description; settings that it does not name have their defaults."""
        known = {field.name: described[field.name] for field in fields(cls) if field.name in described}
        return cls(**known | ({"both_bad": "tie"} if described.get("both_bad") == "half" else {}))
