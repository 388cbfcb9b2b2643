"""Boards that somebody asks for: combinations, methods, the past, history, matrix, a voter's own, imports."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoDbBlocker

from arena.arenas.models import Arena
from arena.media.models import Clip
from arena.rankings import studies
from arena.rankings.filters import FilterError, filter_of
from arena.rankings.history import history_of
from arena.rankings.imports import imported_board
from arena.rankings.models import BattleForm, ImportedSource, ImportedTally, Snapshot, Study, Tally
from arena.rankings.personal import personal_ratings
from arena.rankings.questions import METHODS, Question, board_of, matrix_of, parts_of
from arena.rankings.services import refresh_arena, refresh_board
from arena.rankings.studies import FRAGILITY, STYLE, newest, study
from arena.rankings.voters_board import personal_board
from arena.systems.models import SystemVersion
from arena.votes.outcome import Outcome
from arena.votes.services import cast_vote
from tests.ballots import make_voter
from tests.clips import make_music_arena, make_music_battle
from tests.kept_rows import kept_rows
from tests.rankings.voting import CODE, three_systems, vote, vote_rows

Scene = tuple[Arena, list[SystemVersion]]
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """Ada beats Bell beats Cray, each by two to one."""
    with kept_rows(django_db_blocker):
        arena, versions, pairs = three_systems()
        outcomes = (Outcome.LEFT, Outcome.LEFT, Outcome.RIGHT)
        vote_rows(arena, [(*pair, outcome) for pair in pairs for outcome in outcomes])
        yield arena, versions


def test_a_combination_is_computed_when_asked_and_once_until_something_changes(
    scene: Scene, django_assert_max_num_queries: Any
) -> None:
    arena, (ada, bell, _cray) = scene
    for outcome in (Outcome.RIGHT, Outcome.RIGHT, Outcome.LEFT):
        vote(arena, ada, bell, outcome, prompt=CODE)
    refresh_board(arena.id)
    both = Question(filter_of("en", ["coding"]))
    board = board_of(arena, both)
    assert (board.board, board.snapshot_id, board.counted) == ("language:en category:coding", None, 3)
    assert [row.system for row in board.rows if row.rating is not None] == ["Bell", "Ada"]
    with django_assert_max_num_queries(3):
        board_of(arena, both)
    vote(arena, ada, bell, Outcome.LEFT, prompt=CODE)
    refresh_board(arena.id)
    assert board_of(arena, both).counted == 4


def test_another_method_is_computed_from_the_same_votes(scene: Scene) -> None:
    arena, (ada, bell, _cray) = scene
    vote(arena, ada, bell, Outcome.TIE)
    refresh_board(arena.id)
    usual, davidson = (board_of(arena, Question(method=METHODS[name])) for name in ("bradley-terry", "davidson"))
    assert usual.snapshot_id is not None
    assert (davidson.snapshot_id, davidson.method["ties"]) == (None, "davidson")
    assert davidson.rows[0].rating != usual.rows[0].rating


def test_only_stored_boards_have_a_past(scene: Scene) -> None:
    arena, _versions = scene
    snapshot = refresh_board(arena.id)
    assert snapshot is not None
    snapshot.refresh_from_db()
    assert board_of(arena, Question(as_of=snapshot.created_at)).snapshot_id == snapshot.pk
    with pytest.raises(FilterError, match="boards of the past"):
        Question(filter_of("en", ["coding"]), as_of=snapshot.created_at)


def test_the_matrix_adds_up(scene: Scene) -> None:
    arena, _versions = scene
    refresh_board(arena.id)
    matrix = matrix_of(arena)
    assert matrix.names == ("Ada", "Bell", "Cray")
    assert all(matrix.cells[k][k] is None for k in range(3))
    over, under = matrix.cells[0][1], matrix.cells[1][0]
    assert over is not None
    assert under is not None
    assert (over.battles, over.wins, under.wins) == (3, 2.0, 1.0)
    assert over.p is not None
    assert under.p is not None
    assert over.p + under.p == pytest.approx(1)
    assert over.lower is not None
    assert over.lower < over.p < over.upper  # type: ignore[operator]


def test_the_history_gets_coarser_with_age_and_is_read_in_two_queries(
    scene: Scene, django_assert_num_queries: Any
) -> None:
    arena, (ada, bell, _cray) = scene
    refresh_board(arena.id)
    now = Snapshot.objects.get().created_at
    for age in (timedelta(days=40), timedelta(days=40, minutes=-1), timedelta(hours=5), timedelta(minutes=30)):
        vote(arena, ada, bell, Outcome.TIE)
        refresh_board(arena.id, simulated_at=now - age)
    with django_assert_num_queries(2):
        history = history_of(arena)
    assert len(history.moments) == 4
    assert [line.system for line in history.lines] == ["Ada", "Bell", "Cray"]
    assert [point.votes for point in history.lines[0].points] == [8, 9, 10, 6]


def test_the_parts_of_an_arena_are_its_languages_and_categories(scene: Scene) -> None:
    arena, (ada, bell, _cray) = scene
    vote(arena, ada, bell, Outcome.LEFT, prompt=CODE)
    refresh_arena(arena.id)
    assert [(part.chosen.name, part.votes) for part in parts_of(arena)] == [
        ("all", 10),
        ("language:en", 10),
        ("category:coding", 1),
    ]


# --- A voter's own -------------------------------------------------------------------------------------------------


def test_few_votes_stay_near_everybody_and_many_move_away() -> None:
    everybody = np.array([1100.0, 1000.0, 900.0])
    none = personal_ratings(np.zeros((3, 3)), everybody)
    assert none.ratings == pytest.approx(everybody)
    against = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    few, many = personal_ratings(against, everybody), personal_ratings(40 * against, everybody)
    assert few.ratings[0] > few.ratings[2]
    assert many.ratings[0] < many.ratings[2]
    assert many.spread > few.spread
    assert (few.upper - few.lower > 0).all()


def test_a_voter_sees_their_own_votes_only(scene: Scene, django_assert_max_num_queries: Any) -> None:
    arena, (ada, bell, _cray) = scene
    alice, bob = make_voter(), make_voter()
    for _vote in range(3):
        vote(arena, ada, bell, Outcome.RIGHT, voter=alice)
    refresh_board(arena.id)
    with django_assert_max_num_queries(10):
        board = personal_board(arena, alice)
    assert board is not None
    assert board.votes == 3
    rows = {row.system: row for row in board.rows}
    assert set(rows) == {"Ada", "Bell"}
    assert rows["Bell"].rating > rows["Bell"].everybody
    assert personal_board(arena, bob) is None


# --- Studies -------------------------------------------------------------------------------------------------------


def test_a_study_is_made_once_for_each_change_of_the_votes(scene: Scene) -> None:
    arena, (ada, bell, _cray) = scene
    refresh_board(arena.id)
    assert [study(arena), study(arena)] == [True, False]
    found = newest(arena, FRAGILITY)
    assert found is not None
    assert (found.result["first"], found.result["votes"]) == ("Ada", 9)
    assert found.result["by_votes"]["number"] >= 1
    assert found.result["by_voters"]["becomes"] in {"Bell", "Cray", None}
    assert "voters" not in str(found.result["by_voters"])
    assert newest(arena, STYLE).result == {"refused": "fewer than 200 votes"}  # type: ignore[union-attr]
    vote(arena, ada, bell, Outcome.LEFT)
    refresh_board(arena.id)
    assert study(arena)
    assert Study.objects.count() == 4


def test_the_form_of_answers_is_counted_once_and_taken_out(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes longer wins more often here; at equal form less of the lead is left."""
    arena, (ada, bell, _cray) = scene
    refresh_board(arena.id)
    monkeypatch.setattr(studies, "FEWEST_FOR_STYLE", 5)
    study(arena)
    assert newest(arena, STYLE).result == {"refused": "all answers have the same form"}  # type: ignore[union-attr]
    forms = list(BattleForm.objects.select_related("battle__pairing").order_by("battle_id"))
    assert len(forms) == 9
    for place, form in enumerate(forms):
        form.left, form.right = [40 + place, 0, 0, 0, 0], [30, 0, 0, 0, 0]
    BattleForm.objects.bulk_update(forms, ["left", "right"])
    vote(arena, ada, bell, Outcome.LEFT)
    refresh_board(arena.id)
    study(arena)
    result = newest(arena, STYLE).result  # type: ignore[union-attr]
    assert [one["name"] for one in result["coefficients"]] == ["tokens"]
    assert result["left_out"] == ["headings", "lists", "bold", "code"]
    assert {row["system"] for row in result["ratings"]} == {"Ada", "Bell", "Cray"}
    assert BattleForm.objects.count() == 10


def test_length_and_loudness_of_the_originals_are_held_equal_in_music(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The band is the longer, and the winner where it is the louder; of the last battle nothing was measured."""
    arena = make_music_arena(min_listen_s=0)
    monkeypatch.setattr(studies, "FEWEST_FOR_STYLE", 5)
    for n in range(12):
        battle = make_music_battle(arena)
        clips = Clip.objects.filter(response__turn__battle=battle)
        louder = n % 2 == 0
        if n < 11:
            clips.filter(response__side="left").update(
                generated_s=60.5 + n, native={"loudness_lufs": -9.25 if louder else -20.0}
            )
            clips.filter(response__side="right").update(native={"loudness_lufs": -14.0})
        cast_vote(battle.id, battle.voter, Outcome.LEFT if louder != (n in {3, 4}) else Outcome.RIGHT)
    refresh_board(arena.id)
    assert study(arena)
    first, *_others, last = BattleForm.objects.order_by("battle__created_at")
    assert (first.left, first.right) == ([60_500, -925], [48_000, -1400])
    assert (last.left, last.right) == ([48_000, 0], [48_000, 0])
    result = newest(arena, STYLE).result  # type: ignore[union-attr]
    assert [one["name"] for one in result["coefficients"]] == ["duration", "loudness"]
    assert result["coefficients"][1]["points"] > 0
    assert result["coefficients"][1]["unit"] == pytest.approx(np.sqrt((6 * 4.75**2 + 5 * 6**2) / 12))
    assert {row["system"] for row in result["ratings"]} == {"CanaryBand", "CanaryChip"}


# --- Imported votes ------------------------------------------------------------------------------------------------


def import_file(arena: Arena, path: Path, name: str = "Elsewhere") -> str:
    out = StringIO()
    call_command("import_votes", str(path), "--arena", arena.slug, "--name", name, stdout=out)
    return out.getvalue()


def test_a_file_becomes_a_board_of_its_own_and_moves_no_other(scene: Scene, tmp_path: Path) -> None:
    arena, _versions = scene
    refresh_board(arena.id)
    before = list(Tally.objects.order_by("id").values())
    path = tmp_path / "votes.csv"
    path.write_text("left,right,winner\nXan,Yara,left\nYara,Xan,left\nXan,Yara,tie\nXan,Yara,left\n")
    assert import_file(arena, path) == "4 votes imported into text as 'Elsewhere'\n"
    source = ImportedSource.objects.get()
    assert source.file_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    found = imported_board(source)
    assert found.names == ("Xan", "Yara")
    assert [row.votes for row in found.board.rows] == [4, 4]
    assert refresh_board(arena.id) is None
    assert list(Tally.objects.order_by("id").values()) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("left,right,winner\nXan,Yara,left\nXan,Yara,perhaps\n", "BadVotes: row 2: unknown winner 'perhaps'"),
        ("left,right,winner\nXan,Yara,left\nXan,Xan,left\n", "BadVotes: row 2: 'Xan' meets itself"),
        ("left,right,winner,weight\nXan,Yara,left,1\nXan,Yara,left,-1\n", "BadVotes: row 2: weight '-1' is negative"),
        ("left,right,winner,weight\nXan,Yara,left,1\nXan,Yara,left,2.5\n", "CannotImport"),
        ("left,right,winner\nXan,Yara,left\nXan,,left\n", "BadVotes: row 2: no name in 'right'"),
        ("id,left,right,winner\n7,Xan,Yara,left\n7,Xan,Yara,tie\n", "BadVotes: row 2: vote '7' is in row 1 already"),
        ("left,right,winner\nXan,Yara,left\nXan,Yara\n", "BadVotes: row 2: 2 values instead of 3"),
        ("left,right,winner\n", "BadVotes: .*no votes"),
        ("", "BadVotes: .*no votes"),
        ("left,right,winner\nXan,Yara,left\n", "AlreadyImported"),
    ],
)
def test_nothing_is_imported_by_halves(scene: Scene, tmp_path: Path, text: str, words: str) -> None:
    arena, _versions = scene
    path = tmp_path / "votes.csv"
    if words == "AlreadyImported":
        path.write_text(text)
        import_file(arena, path)
    kept = ImportedSource.objects.count()
    path.write_text(text)
    with pytest.raises(CommandError, match=words) as refused:
        import_file(arena, path, "Another")
    assert refused.value.returncode == 2
    assert ImportedSource.objects.count() == kept
    assert ImportedTally.objects.count() == kept
