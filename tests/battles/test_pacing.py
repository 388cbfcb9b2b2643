"""Both columns are shown at one pace and end together."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.battles.pacing import TAIL_CHARS, Progress, next_frame_at, release
from arena.battles.states import SIDES

QUOTA = 60


@st.composite
def _progress(draw: st.DrawFn) -> Progress:
    available = draw(st.integers(0, 5000))
    return Progress(available, draw(st.integers(0, available)), draw(st.booleans()))


_pairs = st.tuples(_progress(), _progress()).map(lambda pair: dict(zip(SIDES, pair, strict=True)))


@given(_pairs, st.integers(1, 500))
def test_no_side_shows_more_than_it_has_or_than_the_quota(sides, quota):
    for side, number in release(sides, quota).items():
        assert 0 <= number <= min(sides[side].rest, quota)


@given(_pairs, st.integers(1, 500))
def test_swapping_the_sides_swaps_the_numbers(sides, quota):
    swapped = {"left": sides["right"], "right": sides["left"]}
    numbers, mirrored = release(sides, quota), release(swapped, quota)
    assert (numbers["left"], numbers["right"]) == (mirrored["right"], mirrored["left"])


def test_nothing_is_shown_before_both_sides_have_text():
    sides = {"left": Progress(500, 0, finished=False), "right": Progress(0, 0, finished=False)}
    assert release(sides, QUOTA) == {"left": 0, "right": 0}


def _play(chunks, quota=QUOTA):
    """Feed one list of chunk sizes per side, one chunk a frame; returns the released totals after each frame."""
    shown, history = dict.fromkeys(SIDES, 0), []
    came = {side: list(accumulate(sizes)) for side, sizes in chunks.items()}
    for frame in range(10_000):
        sides = {
            side: Progress(totals[min(frame, len(totals) - 1)], shown[side], finished=frame + 1 >= len(totals))
            for side, totals in came.items()
        }
        for side, number in release(sides, quota).items():
            shown[side] += number
        history.append(dict(shown))
        if all(shown[side] == totals[-1] for side, totals in came.items()):
            return history
    raise AssertionError("never ended")


@given(
    st.lists(st.integers(0, 80), min_size=1, max_size=80).filter(sum),
    st.lists(st.integers(0, 80), min_size=1, max_size=80).filter(sum),
)
def test_both_sides_always_end_and_end_in_the_same_frame(left, right):
    history = _play({"left": left, "right": right})
    totals = {"left": sum(left), "right": sum(right)}
    first_full = {side: next(n for n, shown in enumerate(history) if shown[side] == totals[side]) for side in SIDES}
    assert first_full["left"] == first_full["right"]


@given(st.integers(130, 1500), st.integers(130, 1500), st.integers(1, 400), st.integers(1, 400))
def test_until_a_tail_begins_both_columns_have_the_same_length_whoever_finished_first(left, right, fast, slow):
    sizes = {"left": (left, fast), "right": (right, slow)}
    chunks = {side: [rate] * (total // rate) + [total % rate] for side, (total, rate) in sizes.items()}
    for shown in _play(chunks):
        if max(shown.values()) <= min(left, right) - TAIL_CHARS:
            assert shown["left"] == shown["right"]


def test_a_fast_and_a_slow_system_advance_alike():
    history = _play({"left": [400] * 5, "right": [20] * 100})
    for shown in history[:90]:
        assert shown["left"] == shown["right"]


def test_a_bursty_and_a_steady_system_look_alike():
    bursty = ([0] * 9 + [100]) * 10
    history = _play({"left": bursty, "right": [10] * 100})
    for shown in history[:90]:
        assert shown["left"] == shown["right"]


def test_a_side_that_begins_again_catches_up_while_the_other_waits():
    sides = {"left": Progress(300, 0, finished=False), "right": Progress(400, 200, finished=False)}
    numbers = release(sides, QUOTA)
    assert numbers["left"] > 0
    assert numbers["right"] == 0


def test_a_battle_that_was_held_up_leaves_frames_out_and_keeps_its_beat() -> None:
    assert next_frame_at(10.0, 10.01, 0.1) == pytest.approx(10.1)
    assert next_frame_at(10.0, 10.11, 0.1) == pytest.approx(10.2)
    # Two battles, half a frame apart, after a pause of half a second: still half a frame apart, and not in step.
    assert next_frame_at(10.0, 10.52, 0.1) == pytest.approx(10.6)
    assert next_frame_at(10.05, 10.52, 0.1) == pytest.approx(10.55)
