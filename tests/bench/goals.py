"""Figures of a benchmark beside what they have to be."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. floor: what must hold; goal: what is aimed at; "at least" unless `below`. beside: a remark."""

    name: str
    value: float
    floor: float
    goal: float
    unit: str = "x"
    below: bool = False
    beside: str = ""

    def holds(self, limit: float) -> bool:
        """Whether the value is on the right side of a limit."""
        return self.value <= limit if self.below else self.value >= limit

    def __str__(self) -> str:
        verdict = "goal" if self.holds(self.goal) else "floor" if self.holds(self.floor) else "MISSED"
        sign = "<=" if self.below else ">="
        shown = f"{self.value:>10.3g} {self.unit:<6}"
        limits = f"floor {sign} {self.floor:<6g} goal {sign} {self.goal:<6g}"
        return f"{self.name:<58} {shown} {limits} {verdict:<6} {self.beside}"


def figures_of(lines: Sequence[Line]) -> dict[str, Any]:
    """For the JSON of a benchmark."""
    return {line.name: {"value": line.value, "goal": line.goal, "reached": line.holds(line.goal)} for line in lines}
