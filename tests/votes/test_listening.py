"""What counts as heard: logs checked by hand. What holds for every log: `test_listening_always`."""

import pytest

from arena.battles.states import SIDES
from arena.votes.listening import ledger_of
from tests.votes.listening_logs import CLIP, GOLDEN, reports_of


@pytest.mark.parametrize("name", GOLDEN)
def test_a_log_earns_what_was_worked_out_by_hand(name: str) -> None:
    lines, heard, parts = GOLDEN[name]
    ledger = ledger_of(reports_of(lines), CLIP)

    assert tuple(ledger.tracks[side].heard_s for side in SIDES) == heard
    for side in SIDES:
        assert [(start / 1000, end / 1000) for start, end in ledger.tracks[side].intervals] == parts.get(side, [])


@pytest.mark.parametrize("name", GOLDEN)
def test_swapped_sides_earn_the_mirrored_seconds(name: str) -> None:
    lines, _heard, _parts = GOLDEN[name]
    swapped = [(*line[:2], "R" if line[2] == "L" else "L", *line[3:]) for line in lines]
    one, other = ledger_of(reports_of(lines), CLIP), ledger_of(reports_of(swapped), CLIP)

    assert one.tracks["left"] == other.tracks["right"]
    assert one.tracks["right"] == other.tracks["left"]


def test_coverage_counts_a_part_once_and_heard_seconds_count_it_each_time() -> None:
    ledger = ledger_of(reports_of(GOLDEN["one part heard three times"][0]), CLIP)

    assert ledger.tracks["left"].heard_s == 6
    assert ledger.coverage("left") == pytest.approx(2 / 30)
    assert ledger.coverage("right") == 0
