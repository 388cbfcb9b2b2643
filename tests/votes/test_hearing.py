"""A vote on music needs both clips heard, and what was heard is one row."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.battles.states import SIDES, Side
from arena.votes.listening import Report, ReportKind, ledger_of
from arena.votes.models import Listening, Vote
from arena.votes.outcome import Outcome
from arena.votes.services import (
    NotHeard,
    NotReady,
    VoteInvalid,
    cast_vote,
    heard_of,
    record_listening,
    server_clock_s,
)
from tests.ballots import make_arena, make_battle, make_versions, make_voter
from tests.clips import make_music_arena, make_music_battle
from tests.hearing import hear, heard_reports


@pytest.fixture
def arena(db: None) -> Arena:
    return make_music_arena()


@pytest.fixture
def battle(arena: Arena) -> Battle:
    """Alice's battle, ready to be heard."""
    return make_music_battle(arena)


@pytest.mark.parametrize("outcome", Outcome)
def test_a_vote_after_enough_of_both_sides_counts(battle: Battle, outcome: Outcome) -> None:
    hear(battle, {"left": 5, "right": 5})

    assert cast_vote(battle.id, battle.voter, outcome).created


@pytest.mark.parametrize(
    ("seconds", "missing"),
    [
        ({}, {"left": 5, "right": 5}),
        ({"left": 5}, {"right": 5}),
        ({"right": 29}, {"left": 5}),
        ({"left": 4.9, "right": 5}, {"left": 0.1}),
    ],
)
def test_a_vote_before_is_refused_and_told_what_is_missing(
    battle: Battle, seconds: dict[Side, float], missing: dict[Side, float]
) -> None:
    hear(battle, seconds)

    with pytest.raises(NotHeard) as refused:
        cast_vote(battle.id, battle.voter, Outcome.TIE)
    assert refused.value.missing == missing
    assert not Vote.objects.exists()
    battle.refresh_from_db()
    assert battle.state == "ready"


def test_only_a_simulated_battle_passes_without_a_report(arena: Arena) -> None:
    real = make_music_battle(arena, voter=Voter.objects.create(is_simulated=True))
    with pytest.raises(NotHeard):
        cast_vote(real.id, real.voter, Outcome.LEFT)

    Battle.objects.filter(pk=real.pk).update(is_simulated=True)
    assert cast_vote(real.id, real.voter, Outcome.LEFT).created


def test_how_much_is_needed_is_the_arenas(battle: Battle) -> None:
    Arena.objects.update(min_listen_s=1.5)
    hear(battle, {"left": 1.5, "right": 1.5})

    assert cast_vote(battle.id, battle.voter, Outcome.LEFT).created


def test_of_a_clip_shorter_than_that_nearly_all_must_be_heard(arena: Arena) -> None:
    battle = make_music_battle(arena, duration_s=3.0)
    hear(battle, {"left": 2.6, "right": 2.4})

    with pytest.raises(NotHeard) as refused:
        cast_vote(battle.id, battle.voter, Outcome.LEFT)
    assert refused.value.missing == {"right": 0.1}


def test_the_same_vote_again_needs_no_further_listening(battle: Battle) -> None:
    hear(battle, {"left": 6, "right": 6})
    cast_vote(battle.id, battle.voter, Outcome.LEFT, {"left": ["composition"]})
    Arena.objects.update(min_listen_s=30)

    assert not cast_vote(battle.id, battle.voter, Outcome.LEFT, {"left": ["composition"]}).created


def test_a_battle_that_is_not_ready_says_so_and_asks_for_no_listening(arena: Arena) -> None:
    battle = make_music_battle(arena, state="generating")

    with pytest.raises(NotReady):
        cast_vote(battle.id, battle.voter, Outcome.LEFT)


def test_a_text_battle_is_voted_on_without_listening(db: None) -> None:
    arena = make_arena()
    battle = make_battle(arena, *make_versions(arena, ["Ada", "Bell"]))

    assert cast_vote(battle.id, battle.voter, Outcome.LEFT).created


@pytest.mark.parametrize(("modality", "reason"), [("music", "bad_format"), ("text", "artefacts")])
def test_a_reason_of_the_other_modality_is_refused(battle: Battle, modality: str, reason: str) -> None:
    Arena.objects.update(modality=modality)
    hear(battle, {"left": 6, "right": 6})

    with pytest.raises(VoteInvalid, match="reasons are some of"):
        cast_vote(battle.id, battle.voter, Outcome.LEFT, {"left": [reason]})


def test_gate_row_and_pure_function_agree(battle: Battle) -> None:
    reports = [
        *heard_reports("left", 4.2, at_s=10, seq=1),
        *heard_reports("right", 3.3, at_s=20, seq=1),
        *heard_reports("left", 2.2, at_s=30, seq=7),
    ]
    for report in reports:
        record_listening(battle.id, battle.voter, [report])
    pure = ledger_of(reports, {"left": 30.0, "right": 30.0})
    row = Listening.objects.get()
    gate = heard_of(battle)

    for side in SIDES:
        assert getattr(row, f"{side}_heard_s") == pure.tracks[side].heard_s == gate.seconds[side]
        assert getattr(row, f"{side}_intervals") == [list(part) for part in pure.tracks[side].intervals]
    assert gate.seconds == {"left": 6.4, "right": 3.3}


def test_nobody_adds_to_what_another_voter_heard(battle: Battle) -> None:
    assert record_listening(battle.id, make_voter(), heard_reports("left", 9)) is None
    assert not Listening.objects.exists()


@pytest.mark.parametrize("state", ["generating", "voted", "expired"])
def test_nothing_is_recorded_where_no_vote_can_follow(battle: Battle, state: str) -> None:
    Battle.objects.update(state=state)

    assert record_listening(battle.id, battle.voter, heard_reports("left", 9)) is None


def test_a_battle_without_clips_records_nothing(arena: Arena, db: None) -> None:
    from arena.media.models import Clip

    battle = make_music_battle(arena)
    Clip.objects.all().delete()

    assert record_listening(battle.id, battle.voter, heard_reports("left", 9)) is None


def test_a_report_costs_the_same_few_statements_however_many_came_before(
    battle: Battle, django_assert_num_queries: Any
) -> None:
    for n in range(40):
        record_listening(battle.id, battle.voter, heard_reports("left", 1, at_s=n * 10.0, seq=n * 2 + 1))
    with django_assert_num_queries(5):  # two to read, one to write, and the savepoint's two
        record_listening(battle.id, battle.voter, heard_reports("left", 1, at_s=900.0, seq=100))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_column_size(votes_listening.*) FROM votes_listening")
        assert cursor.fetchone()[0] < 4000


@pytest.mark.django_db(transaction=True)
def test_two_tabs_at_once_lose_nothing_and_earn_nothing_twice() -> None:
    battle = make_music_battle(make_music_arena())
    tabs: list[list[Report]] = [
        [
            Report(tab, "left", kind, float(n), 100 * n + order, False, 50.0 + n)
            for n, kind in enumerate([ReportKind.PLAY, *[ReportKind.TICK] * 8])
        ]
        for order, tab in enumerate("ab")
    ]

    def play(reports: Iterable[Report]) -> None:
        try:
            for report in reports:
                record_listening(battle.id, battle.voter, [report])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(play, tabs))

    row = Listening.objects.get()
    assert 0 < row.left_heard_s <= 8
    assert json.dumps(row.working)


@pytest.mark.django_db
def test_the_servers_clock_is_the_databases() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        assert abs(server_clock_s() - float(cursor.fetchone()[0])) < 5


def test_the_vote_reveals_what_a_system_learnt_from_how_fast_it_was_and_offers_what_its_licence_allows(
    battle: Battle,
) -> None:
    from arena.systems.models import SystemVersion
    from arena.votes.selectors import view_of

    SystemVersion.objects.filter(system__name="CanaryBand").update(release_outputs=True, training_data="Own songs")
    SystemVersion.objects.filter(system__name="CanaryChip").update(release_outputs=False)
    assert view_of(battle).as_dict()["systems"] is None
    hear(battle, {"left": 6, "right": 6})
    systems = view_of(cast_vote(battle.id, battle.voter, Outcome.LEFT).battle).as_dict()["systems"]

    assert {side: system["speed_factor"] for side, system in systems.items()} == {"left": 12.0, "right": 12.0}
    assert {side: system["training_data"] for side, system in systems.items()} == {"left": "Own songs", "right": ""}
    assert systems["left"]["download_url"] == f"/battles/{battle.id}/clips/left"
    assert systems["right"]["download_url"] is None
