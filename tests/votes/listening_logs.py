"""Logs of players with what they earn, worked out by hand."""

from collections.abc import Iterable
from typing import Any

from arena.battles.states import Side
from arena.votes.listening import Report, ReportKind

CLIP = {"left": 30.0, "right": 30.0}

#: (server time, source, side, kind, media time, muted); the sequence number is the line's, unless a seventh gives it.
Line = tuple[Any, ...]


def reports_of(lines: Iterable[Line]) -> list[Report]:
    """The reports of a log written by hand."""
    found = []
    for n, line in enumerate(lines, start=1):
        at_s, source, side, kind, media_s, muted = line[:6]
        full: Side = "left" if side == "L" else "right"
        seq = line[6] if len(line) > 6 else n
        found.append(Report(source, full, ReportKind(kind), media_s, seq, muted == "muted", at_s))
    return found


def ticks(
    side: str, start_s: float, media_s: float, count: int, *, rate: float = 1.0, source: str = "a"
) -> list[Line]:
    """`count` heartbeats, one a second, the first a second after `start_s`."""
    return [(start_s + n, source, side, "tick", media_s + n * rate, "") for n in range(1, count + 1)]


GOLDEN: dict[str, tuple[list[Line], tuple[float, float], dict[str, list[tuple[float, float]]]]] = {
    "six seconds of each side, one after the other": (
        [
            (100, "a", "L", "play", 0, ""),
            *ticks("L", 100, 0, 6),
            (106.4, "a", "L", "pause", 6.4, ""),
            (107, "a", "R", "play", 0, ""),
            *ticks("R", 107, 0, 5),
            (112.9, "a", "R", "ended", 5.9, ""),
        ],
        (6.4, 5.9),
        {"left": [(0, 6.4)], "right": [(0, 5.9)]},
    ),
    "a pause without play": ([(0, "a", "L", "pause", 5, ""), (9, "a", "L", "pause", 14, "")], (0, 0), {}),
    "a tick without play": (ticks("L", 0, 0, 8), (0, 0), {}),
    "ticks after a pause": (
        [(0, "a", "L", "play", 0, ""), (2, "a", "L", "pause", 2, ""), *ticks("L", 2, 2, 9)],
        (2, 0),
        {"left": [(0, 2)]},
    ),
    "ticks after the end": (
        [(0, "a", "L", "play", 27, ""), (3, "a", "L", "ended", 30, ""), *ticks("L", 3, 20, 5)],
        (3, 0),
        {"left": [(27, 30)]},
    ),
    "lost heartbeats: two reports prove what lies between them": (
        [(0, "a", "L", "play", 0, ""), (1, "a", "L", "tick", 1, ""), (6, "a", "L", "tick", 6, "")],
        (6, 0),
        {"left": [(0, 6)]},
    ),
    "lost heartbeats while the media clock stood for four of six seconds": (
        [(0, "a", "L", "play", 0, ""), (6, "a", "L", "tick", 2, "")],
        (2, 0),
        {"left": [(0, 2)]},
    ),
    "a stalled media clock": (
        [(0, "a", "L", "play", 0, ""), *ticks("L", 0, 0, 2), *ticks("L", 2, 2, 7, rate=0)],
        (2, 0),
        {"left": [(0, 2)]},
    ),
    "muted for two of four seconds": (
        [
            (0, "a", "L", "play", 0, ""),
            (1, "a", "L", "tick", 1, ""),
            (1, "a", "L", "tick", 1, "muted"),
            (3, "a", "L", "tick", 3, "muted"),
            (3, "a", "L", "tick", 3, ""),
            (4, "a", "L", "tick", 4, ""),
        ],
        (2, 0),
        {"left": [(0, 1), (3, 4)]},
    ),
    "a seek proves nothing, what follows does": (
        [
            (0, "a", "L", "play", 0, ""),
            (1, "a", "L", "tick", 1, ""),
            (1.5, "a", "L", "seek", 20, ""),
            (2.5, "a", "L", "tick", 21, ""),
            (3.5, "a", "L", "pause", 22, ""),
            (4, "a", "L", "seek", 5, ""),
            (9, "a", "L", "tick", 10, ""),
        ],
        (3, 0),
        {"left": [(0, 1), (20, 22)]},
    ),
    "one part heard three times": (
        [
            (0, "a", "L", "play", 10, ""),
            (2, "a", "L", "tick", 12, ""),
            (2, "a", "L", "seek", 10, ""),
            (4, "a", "L", "tick", 12, ""),
            (4, "a", "L", "seek", 10, ""),
            (6, "a", "L", "pause", 12, ""),
        ],
        (6, 0),
        {"left": [(10, 12)]},
    ),
    "both sides at once": (
        [
            (0, "a", "L", "play", 0, ""),
            (0, "a", "R", "play", 0, ""),
            *(line for n in range(1, 11) for line in (*ticks("L", n - 1, n - 1, 1), *ticks("R", n - 1, n - 1, 1))),
        ],
        (0, 0),
        {},
    ),
    "both sides at once, the second one reporting late": (
        [
            (0, "a", "L", "play", 0, ""),
            (0.1, "a", "R", "play", 0, ""),
            (10, "a", "L", "tick", 10, ""),
            (10.1, "a", "R", "tick", 10, ""),
        ],
        (0, 0),
        {},
    ),
    "a stray pause of the other clip disturbs nobody": (
        [
            (0, "a", "L", "play", 0, ""),
            (0.5, "a", "R", "pause", 4, ""),
            (1, "a", "L", "tick", 1, ""),
        ],
        (1, 0),
        {"left": [(0, 1)]},
    ),
    "two tabs, one side each": (
        [
            (0, "a", "L", "play", 0, ""),
            (0.5, "b", "R", "play", 0, ""),
            *(line for n in range(6) for line in (*ticks("L", n, n, 1), *ticks("R", n + 0.5, n, 1, source="b"))),
        ],
        (0, 0),
        {},
    ),
    "two tabs of one side: the wall's seconds are spent once": (
        [
            (0, "a", "L", "play", 0, ""),
            (0.5, "b", "L", "play", 10, ""),
            (1, "a", "L", "tick", 1, ""),
            (1.5, "b", "L", "tick", 11, ""),
            (2, "a", "L", "tick", 2, ""),
            (2.5, "b", "L", "tick", 12, ""),
        ],
        (2.5, 0),
        {"left": [(0, 1), (1.5, 2), (10.5, 11), (11.5, 12)]},
    ),
    "ten times the speed": (
        [(0, "a", "L", "play", 0, ""), *[(n / 10, "a", "L", "tick", float(n), "") for n in range(1, 31)]],
        (0.1, 0),
        {"left": [(0, 0.1)]},
    ),
    "ten seconds of music in one second": (
        [(0, "a", "L", "play", 0, ""), (1, "a", "L", "tick", 10, ""), (2, "a", "L", "tick", 20, "")],
        (0, 0),
        {},
    ),
    "a network that hesitates: what came early is earned as its time passes": (
        [
            (0, "a", "L", "play", 0, ""),
            (0.7, "a", "L", "tick", 1, ""),
            (2.2, "a", "L", "tick", 2, ""),
            (3, "a", "L", "tick", 3, ""),
        ],
        (2.8, 0),
        {"left": [(0, 2.8)]},
    ),
    "a burst after a break earns again after the probation": (
        [
            (0, "a", "L", "play", 0, ""),
            (0, "a", "L", "tick", 3, ""),
            *ticks("L", 0, 3, 5),
        ],
        (3, 0),
        {"left": [(5, 8)]},
    ),
    "replayed numbers": (
        [
            (0, "a", "L", "play", 0, "", 1),
            (1, "a", "L", "tick", 1, "", 2),
            (2, "a", "L", "tick", 2, "", 2),
            (3, "a", "L", "tick", 3, "", 1),
            (3.5, "b", "L", "play", 0, "", 1),
            (4, "b", "L", "tick", 1, "", 2),
        ],
        (1, 0),
        {"left": [(0, 1)]},
    ),
    "media times that the clip does not have": (
        [
            (0, "a", "L", "play", 500, ""),
            (9, "a", "L", "tick", 509, ""),
            (10, "a", "R", "play", 25, ""),
            (19, "a", "R", "tick", 34, ""),
            (20, "a", "R", "tick", 26, ""),
        ],
        (0, 0),
        {},
    ),
    "the server's clock is set back between two sockets": (
        [
            (5000, "a", "L", "play", 0, ""),
            (5002, "a", "L", "tick", 2, ""),
            (1400, "b", "L", "play", 2, ""),
            (1405, "b", "L", "pause", 7, ""),
        ],
        (7, 0),
        {"left": [(0, 7)]},
    ),
    "a clock that goes backwards within a socket earns nothing for it": (
        [
            (50, "a", "L", "play", 0, ""),
            (52, "a", "L", "tick", 2, ""),
            (40, "a", "L", "tick", 2.9, ""),
            (53, "a", "L", "tick", 3, ""),
        ],
        (3, 0),
        {"left": [(0, 3)]},
    ),
}
