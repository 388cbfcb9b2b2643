"""What counts as heard, whatever a player, a broken network or a forger sends."""

import json
import random
from itertools import pairwise
from typing import Any

from hypothesis import given
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
    Track,
    ledger_of,
)
from tests.votes.listening_logs import CLIP, Line, reports_of


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


@given(_logs())
def test_parts_lie_in_the_clip_apart_and_in_order(reports: list[Report]) -> None:
    ledger = ledger_of(reports, CLIP)
    for track in ledger.tracks.values():
        edges = [edge for part in track.intervals for edge in part]
        assert edges == sorted(set(edges))
        assert all(0 <= edge <= 30_500 for edge in edges)
        assert track.covered_s <= track.heard_s + 1e-9
        assert len(track.intervals) <= MAX_INTERVALS


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


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60)), max_size=30))
def test_every_moment_that_was_heard_is_covered_once(parts: list[tuple[int, int]]) -> None:
    track, heard = Track(), set[int]()
    for start_ms, length_ms in parts:
        track.earn(start_ms, start_ms + length_ms)
        heard.update(range(start_ms, start_ms + length_ms))
    assert round(track.covered_s * 1000) == len(heard)
    assert all(end < start for (_, end), (start, _) in pairwise(track.intervals))


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
    track = ledger_of(reports_of(lines), {"left": 600.0, "right": 600.0}).tracks["left"]

    assert track.heard_s == MAX_INTERVALS + 10
    assert track.covered_s == MAX_INTERVALS


def test_the_slack_cannot_be_renewed_by_playing_anew() -> None:
    """`play` before every heartbeat, at ten times the speed: what was ahead stays on the account."""
    lines: list[Line] = []
    for n in range(60):
        lines += [(n * 0.2, "a", "L", "play", n / 3, ""), (n * 0.2 + 0.1, "a", "L", "tick", n / 3 + 1, "")]
    heard_s = ledger_of(reports_of(lines), CLIP).tracks["left"].heard_s

    assert heard_s < 12 * 0.1
    assert SLACK_MS <= 1000
