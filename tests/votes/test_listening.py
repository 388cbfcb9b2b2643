"""What counts as heard: logs checked by hand, and what holds for every log."""

import json
import random
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.battles.states import SIDES, Side
from arena.votes.listening import (
    MAX_INTERVALS,
    MAX_REPORTS,
    MAX_SOURCES,
    SLACK_MS,
    Ledger,
    Report,
    ReportKind,
    ledger_of,
)

CLIP = {"left": 30.0, "right": 30.0}

#: (server time, source, side, kind, media time, muted); the sequence number is the line's, unless a seventh gives it.
Line = tuple[Any, ...]


def _reports(lines: Iterable[Line]) -> list[Report]:
    found = []
    for n, line in enumerate(lines, start=1):
        at_s, source, side, kind, media_s, muted = line[:6]
        full: Side = "left" if side == "L" else "right"
        seq = line[6] if len(line) > 6 else n
        found.append(Report(source, full, ReportKind(kind), media_s, seq, muted == "muted", at_s))
    return found


def _ticks(
    side: str, start_s: float, media_s: float, count: int, *, rate: float = 1.0, source: str = "a"
) -> list[Line]:
    """`count` heartbeats, one a second, the first a second after `start_s`."""
    return [(start_s + n, source, side, "tick", media_s + n * rate, "") for n in range(1, count + 1)]


GOLDEN: dict[str, tuple[list[Line], tuple[float, float], dict[str, list[tuple[float, float]]]]] = {
    "six seconds of each side, one after the other": (
        [
            (100, "a", "L", "play", 0, ""),
            *_ticks("L", 100, 0, 6),
            (106.4, "a", "L", "pause", 6.4, ""),
            (107, "a", "R", "play", 0, ""),
            *_ticks("R", 107, 0, 5),
            (112.9, "a", "R", "ended", 5.9, ""),
        ],
        (6.4, 5.9),
        {"left": [(0, 6.4)], "right": [(0, 5.9)]},
    ),
    "a pause without play": ([(0, "a", "L", "pause", 5, ""), (9, "a", "L", "pause", 14, "")], (0, 0), {}),
    "a tick without play": (_ticks("L", 0, 0, 8), (0, 0), {}),
    "ticks after a pause": (
        [(0, "a", "L", "play", 0, ""), (2, "a", "L", "pause", 2, ""), *_ticks("L", 2, 2, 9)],
        (2, 0),
        {"left": [(0, 2)]},
    ),
    "ticks after the end": (
        [(0, "a", "L", "play", 27, ""), (3, "a", "L", "ended", 30, ""), *_ticks("L", 3, 20, 5)],
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
        [(0, "a", "L", "play", 0, ""), *_ticks("L", 0, 0, 2), *_ticks("L", 2, 2, 7, rate=0)],
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
            *(line for n in range(1, 11) for line in (*_ticks("L", n - 1, n - 1, 1), *_ticks("R", n - 1, n - 1, 1))),
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
            *(line for n in range(6) for line in (*_ticks("L", n, n, 1), *_ticks("R", n + 0.5, n, 1, source="b"))),
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
            *_ticks("L", 0, 3, 5),
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


@pytest.mark.parametrize("name", GOLDEN)
def test_a_log_earns_what_was_worked_out_by_hand(name: str) -> None:
    lines, heard, parts = GOLDEN[name]
    ledger = ledger_of(_reports(lines), CLIP)

    assert tuple(ledger.tracks[side].heard_s for side in SIDES) == heard
    for side in SIDES:
        assert [(start / 1000, end / 1000) for start, end in ledger.tracks[side].intervals] == parts.get(side, [])


@pytest.mark.parametrize("name", GOLDEN)
def test_swapped_sides_earn_the_mirrored_seconds(name: str) -> None:
    lines, _heard, _parts = GOLDEN[name]
    swapped = [(*line[:2], "R" if line[2] == "L" else "L", *line[3:]) for line in lines]
    one, other = ledger_of(_reports(lines), CLIP), ledger_of(_reports(swapped), CLIP)

    assert one.tracks["left"] == other.tracks["right"]
    assert one.tracks["right"] == other.tracks["left"]


def test_coverage_counts_a_part_once_and_heard_seconds_count_it_each_time() -> None:
    ledger = ledger_of(_reports(GOLDEN["one part heard three times"][0]), CLIP)

    assert ledger.tracks["left"].heard_s == 6
    assert ledger.coverage("left") == pytest.approx(2 / 30)
    assert ledger.coverage("right") == 0


@st.composite
def _logs(draw: Any) -> list[Report]:
    """Anything a player, a broken network or a forger may send, at any pace of the server's clock."""
    seed, count = draw(st.integers(0, 2**32)), draw(st.integers(0, 120))
    rng = random.Random(seed)
    kinds = [*ReportKind, ReportKind.TICK, ReportKind.TICK, ReportKind.PLAY]
    at_s, reports = 0.0, []
    media = {(source, side): 0.0 for source in "abc" for side in SIDES}
    honesty = draw(st.sampled_from([0.0, 0.5, 0.95, 1.0]))
    for seq in range(count):
        passed_s = rng.choice([0, 0.01, 0.3, 1, 1, 1.2, 5])
        at_s += passed_s
        source, side = rng.choice("aaab"), rng.choice(SIDES)
        moved_s = passed_s if rng.random() < honesty else rng.choice([-3, 0, 0.1, 1, 10])
        media[source, side] += moved_s
        number = seq if rng.random() < 0.97 else rng.randrange(count)
        back_s = 0 if rng.random() < 0.98 else 7
        reports.append(
            Report(source, side, rng.choice(kinds), media[source, side], number, rng.random() < 0.05, at_s - back_s)
        )
    return reports


def _passed_ms(reports: list[Report]) -> int:
    times = [round(report.at_s * 1000) for report in reports]
    return max(times, default=0) - min(times, default=0)


@settings(max_examples=300)
@given(_logs())
def test_never_more_than_the_wall_clock_and_never_less_than_before(reports: list[Report]) -> None:
    ledger, before = Ledger(CLIP), dict.fromkeys(SIDES, 0)
    for report in reports:
        ledger.add(report)
        now = {side: ledger.tracks[side].heard_ms for side in SIDES}
        assert all(now[side] >= before[side] for side in SIDES)
        before = now
    # Sockets' clocks may be shifted by what the generator sets them back, once each.
    assert sum(before.values()) <= _passed_ms(reports) + 7000 * len(ledger.sources)


@settings(max_examples=200)
@given(_logs())
def test_parts_lie_in_the_clip_apart_and_in_order(reports: list[Report]) -> None:
    ledger = ledger_of(reports, CLIP)
    for track in ledger.tracks.values():
        edges = [edge for part in track.intervals for edge in part]
        assert edges == sorted(set(edges))
        assert all(0 <= edge <= 30_500 for edge in edges)
        assert track.covered_s <= track.heard_s + 1e-9
        assert len(track.intervals) <= MAX_INTERVALS


@settings(max_examples=200)
@given(_logs(), st.lists(st.integers(0, 120), max_size=6))
def test_how_reports_are_batched_and_stored_in_between_changes_nothing(reports: list[Report], cuts: list[int]) -> None:
    state: dict[str, Any] = {}
    edges = sorted({0, len(reports), *(min(cut, len(reports)) for cut in cuts)})
    for start, end in pairwise(edges):
        ledger = Ledger.resumed(CLIP, state)
        for report in reports[start:end]:
            ledger.add(report)
        state = json.loads(json.dumps(ledger.state()))

    assert Ledger.resumed(CLIP, state) == ledger_of(reports, CLIP)


def test_the_account_stays_small_whatever_is_reported() -> None:
    ledger, rng = Ledger({"left": 600.0, "right": 600.0}), random.Random(5)
    for seq in range(MAX_REPORTS + 500):
        kind = rng.choice(list(ReportKind))
        side: Side = rng.choice(SIDES)
        ledger.add(Report(f"socket-{seq % 40}", side, kind, rng.random() * 600, seq, False, seq * 0.4))

    assert ledger.reports == MAX_REPORTS
    assert len(ledger.sources) <= MAX_SOURCES
    assert len(json.dumps(ledger.state())) < 8000


def test_many_short_parts_are_heard_and_the_coverage_is_bounded_from_below() -> None:
    lines: list[Line] = []
    for n in range(MAX_INTERVALS + 10):
        lines += [(n * 2, "a", "L", "play", n * 2.0, ""), (n * 2 + 1, "a", "L", "pause", n * 2.0 + 1, "")]
    track = ledger_of(_reports(lines), {"left": 600.0, "right": 600.0}).tracks["left"]

    assert track.heard_s == MAX_INTERVALS + 10
    assert track.covered_s == MAX_INTERVALS


def test_the_slack_cannot_be_renewed_by_playing_anew() -> None:
    """`play` before every heartbeat, at ten times the speed: what was ahead stays on the account."""
    lines: list[Line] = []
    for n in range(60):
        lines += [(n * 0.2, "a", "L", "play", n / 3, ""), (n * 0.2 + 0.1, "a", "L", "tick", n / 3 + 1, "")]
    heard_s = ledger_of(_reports(lines), CLIP).tracks["left"].heard_s

    assert heard_s < 12 * 0.1
    assert SLACK_MS <= 1000
