"""What one client may take up."""

from arena.web.seats import BURST_FRAMES, FRAMES_PER_S, FrameBudget, Seats


def test_a_seat_that_was_left_is_free_again_and_nothing_is_kept_of_who_left() -> None:
    seats = Seats()
    assert [seats.take(1, 2) for _ in range(3)] == [True, True, False]
    assert seats.take(2, 2)
    seats.leave(1)
    assert seats.take(1, 2)
    for voter in (1, 1, 2):
        seats.leave(voter)
    assert not seats._taken


def test_without_a_cap_everybody_sits_down() -> None:
    seats = Seats()
    assert all(seats.take(1, 0) for _ in range(100))


def test_a_client_may_burst_and_then_keep_its_rate() -> None:
    budget = FrameBudget(0.0)
    assert sum(budget.spend(0.0) for _ in range(100)) == BURST_FRAMES
    assert sum(budget.spend(n / 64) for n in range(1, 641)) == FRAMES_PER_S * 10


def test_a_listener_that_reports_five_times_a_second_is_never_cut_off() -> None:
    budget = FrameBudget(0.0)
    assert all(budget.spend(n / FRAMES_PER_S) for n in range(1, 1000))
