"""Turns of a battle and what comes of them, for tests."""

from arena.battles.models import Battle, Turn
from arena.battles.states import SIDES, Side
from arena.battles.work import Output

#: What the backend of whole battles answers.
ANSWER = "An answer of some length. " * 40
PROMPT = "Say something."


def turn_of(battle: Battle, n: int = 1) -> Turn:
    """The nth turn of a battle."""
    return Turn.objects.get(battle=battle, n=n)


def outputs(text: str = "text") -> dict[Side, Output]:
    """An answer of each side, with its tokens told."""
    return {side: Output(f"{text} {side}", "", "stop", 0.1, 1.0, 10, 20) for side in SIDES}
