"""Periods: how time is cut, and which of them is due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.common.periods import DAILY, HOURLY, MONTHLY, Every, next_due

ALL = [HOURLY, DAILY, MONTHLY, Every(timedelta(seconds=3))]
MOMENTS = st.integers(0, 4_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("periods", ALL, ids=str)
@given(moment=MOMENTS)
def test_every_moment_lies_in_one_period_and_periods_leave_no_gap(periods, moment):
    start = periods.start_of(moment)
    end = periods.after(start)
    assert start <= moment < end
    assert periods.start_of(start) == start
    assert periods.start_of(end) == end
    assert periods.start_of(end - timedelta(microseconds=1)) == start


def test_periods_begin_where_people_expect_it():
    moment = _at("2028-02-29T13:45:10")
    assert HOURLY.start_of(moment) == _at("2028-02-29T13:00")
    assert DAILY.start_of(moment) == _at("2028-02-29T00:00")
    assert MONTHLY.start_of(moment) == _at("2028-02-01T00:00")
    assert MONTHLY.after(_at("2028-01-01")) == _at("2028-02-01")
    assert MONTHLY.after(_at("2028-12-01")) == _at("2029-01-01")


def test_a_new_job_begins_with_the_period_that_has_just_ended():
    assert next_due(HOURLY, None, _at("2026-11-25T10:05"), backlog=48) == _at("2026-11-25T09:00")


def test_a_period_is_due_once_it_is_over():
    last = _at("2026-11-25T09:00")
    assert next_due(HOURLY, last, _at("2026-11-25T10:59:59"), backlog=48) is None
    assert next_due(HOURLY, last, _at("2026-11-25T11:00"), backlog=48) == _at("2026-11-25T10:00")


def test_missed_periods_are_due_from_the_oldest_within_the_backlog():
    last, now = _at("2026-11-25T00:00"), _at("2026-11-25T10:30")
    assert next_due(HOURLY, last, now, backlog=48) == _at("2026-11-25T01:00")
    assert next_due(HOURLY, last, now, backlog=3) == _at("2026-11-25T07:00")


def test_a_clock_that_was_set_back_makes_nothing_due():
    assert next_due(HOURLY, _at("2026-11-25T10:00"), _at("2026-11-25T08:30"), backlog=48) is None
