"""Every task may be delivered twice, one after the other or at once: there is no second effect."""

import json

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from arena.arenas.models import Arena
from arena.battles import services as battles
from arena.battles.generation import claim_turn
from arena.battles.models import Battle, Response, Turn
from arena.common import heartbeat, outbox
from arena.common.ledger import Job
from arena.common.models import Heartbeat, OutboxMessage, PeriodicRun
from arena.common.periods import HOURLY
from arena.common.queue import DOORBELLS, REFRESH_BOARD
from arena.rankings.models import FoldWatermark, Snapshot, Tally
from arena.systems import trials
from arena.systems.models import System, SystemVersion, Usage
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote
from tests.ballots import make_arena, make_voter
from tests.contenders import replay_system
from tests.deliveries import DELIVERIES
from tests.faults.books import check
from workers.generation import generate_local, generate_turn
from workers.jobs import JOBS, run_job
from workers.periodic import refresh_board, sweep
from workers.trials import try_local, try_streamed

pytestmark = pytest.mark.django_db(transaction=True)
PROMPT, AT_LENGTH = "Say something.", "Say much."
SIDES = {"left": [], "right": []}
NO_WORDS = {"left": "", "right": ""}


@pytest.fixture
def arena(tmp_path, valkey):
    arena = make_arena()
    for name in ("alpha", "beta", "gamma"):
        answers = {PROMPT: f"{name} speaks.", AT_LENGTH: f"{name} speaks at length. " * 20}
        replay_system(arena, name, answers, tmp_path)
    return arena


@pytest.fixture(autouse=True)
def books(db, monkeypatch):
    """After every test what a running arena would do by itself, then the promise behind all faults."""
    started, start_battle = set(), battles.start_battle

    def start(*args, **kwargs):
        battle = start_battle(*args, **kwargs)
        started.add(str(battle.id))
        return battle

    monkeypatch.setattr(battles, "start_battle", start)
    yield
    # Whoever held a turn or a promise is gone.
    Turn.objects.filter(finished_at=None).update(lease_until=Now())
    for turn_id in Turn.objects.filter(finished_at=None).values_list("id", flat=True):
        generate_turn(turn_id)
    for arena_id in Arena.objects.values_list("id", flat=True):
        refresh_board(arena_id)
    outbox.relay()
    check(_query, started)


def _query(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def _content(*models):
    """Every row of these tables without what depends on the moment."""
    skipped = {"created_at", "finished_at", "state_changed_at", "rung_at", "lease_until", "latency_s", "ttft_s"}
    return {
        model.__name__: [
            {
                field.attname: getattr(row, field.attname)
                for field in model._meta.concrete_fields
                if field.name not in skipped
            }
            for row in model.objects.order_by("pk")
        ]
        for model in models
    }


@DELIVERIES
def test_a_turn_is_generated_once(arena, deliver):
    battle = battles.start_battle(arena, make_voter(), AT_LENGTH)
    turn = Turn.objects.get(battle=battle)
    deliver(generate_turn, turn.id)
    battle.refresh_from_db()
    turn.refresh_from_db()
    assert (battle.state, turn.attempt) == ("ready", 1)
    assert sorted(Response.objects.values_list("side", "status")) == [("left", "complete"), ("right", "complete")]
    before = _content(Battle, Turn, Response)
    deliver(generate_turn, turn.id)
    assert _content(Battle, Turn, Response) == before


@DELIVERIES
def test_a_local_answer_that_nobody_waits_for_writes_nothing(arena, deliver, valkey):
    battle = battles.start_battle(arena, make_voter(), PROMPT)
    turn = Turn.objects.get(battle=battle)
    generate_turn(turn.id)
    before, keys = _content(Battle, Turn, Response), set(valkey.keys())
    deliver(generate_local, Response.objects.first().id)
    assert _content(Battle, Turn, Response) == before
    assert set(valkey.keys()) == keys


@DELIVERIES
def test_a_vote_is_folded_once_and_makes_one_snapshot(arena, deliver):
    for outcome in (Outcome.LEFT, Outcome.RIGHT, Outcome.TIE):
        battle = battles.start_battle(arena, voter := make_voter(), PROMPT)
        generate_turn(Turn.objects.get(battle=battle).id)
        cast_vote(battle.id, voter, outcome, SIDES, NO_WORDS)
    deliver(refresh_board, arena.id)
    tallies = Tally.objects.filter(board="all")
    assert sum(t.left_wins + t.right_wins + t.ties + t.both_bad for t in tallies) == 3
    assert FoldWatermark.objects.get(arena=arena).counted == 3
    before = _content(Tally, FoldWatermark, Snapshot)
    boards = [row["board"] for row in before["Snapshot"]]
    assert len(set(boards)) == len(boards)
    assert "all" in boards
    deliver(refresh_board, arena.id)
    assert _content(Tally, FoldWatermark, Snapshot) == before


@DELIVERIES
def test_a_sweep_rings_once_for_each_promise_and_each_forgotten_turn(arena, deliver, valkey, monkeypatch):
    # Also where each delivery does its work, and none is left out because another did it a moment ago.
    monkeypatch.setattr(heartbeat, "take_turn", lambda name, _every_s: name == heartbeat.SWEEP)
    battle = battles.start_battle(arena, make_voter(), PROMPT)
    turn = Turn.objects.get(battle=battle)
    valkey.delete("streams")
    Turn.objects.update(rung_at=None)
    OutboxMessage.objects.create(task="arena.refresh_board", args=[arena.id])
    deliver(sweep)
    assert OutboxMessage.objects.count() == 0
    waiting = [json.loads(message)["headers"]["task"] for message in valkey.lrange("periodic", 0, -1)]
    assert waiting.count(REFRESH_BOARD) == 1
    assert valkey.llen("streams") == 1
    assert claim_turn(turn.id) is not None


def _local_system(arena):
    system = System.objects.create(arena=arena, name="eliza")
    return SystemVersion.objects.create(
        system=system, number=1, backend="local", endpoint={"entry": "arena.systems.offline.eliza:reply"}
    )


@DELIVERIES
@pytest.mark.parametrize("task", [try_streamed, try_local], ids=["streamed", "local"])
def test_an_operators_test_prompt_is_called_and_counted_once(arena, deliver, task):
    local = task is try_local
    version = _local_system(arena) if local else SystemVersion.objects.get(system__name="alpha")
    trial = trials.start(version, AT_LENGTH)
    deliver(task, trial.pk)
    trial.refresh_from_db()
    assert trial.content
    assert trial.error_class == ""
    assert [usage.calls for usage in Usage.objects.filter(version=version)] == [1]


@DELIVERIES
def test_a_periodic_job_runs_once_for_its_period(deliver, monkeypatch, db):
    def work(period):
        with transaction.atomic():
            Heartbeat.objects.create(name=f"effect of {period.start}")
            period.close()

    monkeypatch.setitem(JOBS, "test.job", (Job("test.job", HOURLY), work))
    deliver(run_job, "test.job")
    assert Heartbeat.objects.count() == 1
    assert PeriodicRun.objects.filter(finished_at__isnull=False).count() == 1


TASKS = (generate_turn, generate_local, refresh_board, run_job, sweep, try_local, try_streamed)


def test_no_task_type_is_left_out():
    tested = {task.name for task in TASKS}
    # Delivered twice and at once in tests/media and in tests/data_releases, where what they need is made.
    assert tested | {"arena.prepare_clips", "arena.build_shard", "arena.revise_releases"} == set(DOORBELLS)
