"""A battle moves only along the arrows of its state machine."""

from arena.battles.states import BattleState, is_terminal, sources_of


def test_a_vote_needs_a_ready_battle():
    assert sources_of(BattleState.VOTED) == {BattleState.READY}


def test_nothing_follows_a_vote_a_refusal_a_failure_or_an_expiry():
    ends = {BattleState.VOTED, BattleState.REFUSED, BattleState.FAILED, BattleState.EXPIRED}
    assert {state for state in BattleState if is_terminal(state)} == ends


def test_every_state_but_the_first_can_be_reached():
    assert all(sources_of(state) for state in BattleState)
