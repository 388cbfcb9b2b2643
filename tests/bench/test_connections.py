"""The judge of the soak: pools may fill, nothing else may grow, and what falls short is said."""

import pytest

from tests.bench.bench_soak import growth_percent, wrong_with
from tests.bench.connections import MOST_OPEN, Held, beyond, course, grown

MOST = {("web", "calls"): 8, ("web", "database"): 16}
WELL = {
    "worst_growth_percent": 1.9,
    "beyond_bound": {},
    "stayed_open": {},
    "busy_at_rest": 0,
    "broken": 0,
    "ended": [],
}


def test_a_pool_may_fill_to_its_bound_and_not_beyond() -> None:
    assert beyond({("web", "calls"): 8, ("web", "database"): 2}, MOST) == {}
    assert beyond({("web", "calls"): 9, ("web", "database"): 16}, MOST) == {"web calls": 1}


def test_what_is_in_no_pool_may_not_grow_by_more_than_a_handful() -> None:
    before = Held({}, {"web": 30, "streams": 40})
    assert grown(before, Held({}, {"web": 30 + MOST_OPEN, "streams": 12})) == {}
    assert grown(before, Held({}, {"web": 31 + MOST_OPEN, "streams": 40})) == {"web": MOST_OPEN + 1}


def test_connections_that_nobody_put_a_name_on_count_though_there_were_none_before() -> None:
    assert grown(Held({}, {}), Held({}, {"connections of nobody to valkey": 4})) == {
        "connections of nobody to valkey": 4
    }


def test_the_course_of_a_pool_is_told_with_its_bound() -> None:
    moments = [{("web", "calls"): 2}, {("web", "calls"): 5}, {("web", "calls"): 5}]
    assert course(MOST, *moments) == {"web calls": [2, 5, 5, 8]}


def test_memory_is_judged_by_the_end_and_not_by_a_peak() -> None:
    assert growth_percent([50, 50, 100, *[500] * 5, 100, 101]) == 1.0


def test_a_soak_that_went_well_has_nothing_wrong() -> None:
    assert not any(wrong_with(WELL).values())


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("worst_growth_percent", 2.1),
        ("beyond_bound", {"web calls": 1}),
        ("stayed_open", {"web": 4}),
        ("busy_at_rest", 1),
        ("broken", 1),
        ("ended", ["beat"]),
    ],
)
def test_each_thing_that_falls_short_is_one_sentence(figure: str, value: object) -> None:
    assert list(wrong_with({**WELL, figure: value}).values()).count(True) == 1
