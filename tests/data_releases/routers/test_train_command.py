"""`arena-train` prints and writes a router, the same each time, and says what a release lacks."""

import contextlib
import io
import json
import shutil
import sys
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from arena.policies.files import load
from data_releases.routers import CannotTrain, NoPrompts, NoPropensities, NoSplit, TooFewVotes
from data_releases.routers.votes import routing_data
from data_releases.source import Folder
from data_releases.train_command import main
from data_releases.verify import verify
from tests.data_releases.tampering import ROOT, SAMPLE, edit_votes, flip

GOLDEN = ROOT / "tests" / "data" / "routers.json"


@cache
def tables():
    """Those of the sample."""
    return verify(Folder(SAMPLE)).tables


def train(policy, out, *words):
    return main([str(SAMPLE), "--policy", policy, "--out", str(out), "--seed", "1", *words])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trains a policy once for all that look at it: where its files are, and what was printed, as JSON."""

    @cache
    def run(policy):
        out, told = tmp_path_factory.mktemp(policy), io.StringIO()
        with contextlib.redirect_stdout(told):
            assert train(policy, out, "--json") == 0
        return out, json.loads(told.getvalue())

    return run


def close(mine, golden, path=""):
    """Equal, numbers to what another BLAS may change."""
    if isinstance(golden, dict):
        assert mine.keys() == golden.keys(), path
        for name, value in golden.items():
            close(mine[name], value, f"{path}/{name}")
    elif isinstance(golden, list):
        assert len(mine) == len(golden), path
        for n, value in enumerate(golden):
            close(mine[n], value, f"{path}/{n}")
    elif isinstance(golden, float):
        assert mine == pytest.approx(golden, abs=2e-3), path
    else:
        assert mine == golden, path


@pytest.mark.parametrize("policy", ["cluster_bt", "knn", "mf"])
def test_the_figures_of_the_sample_are_those_of_the_golden_file(trained, policy):
    _out, figures = trained(policy)
    close(figures, json.loads(GOLDEN.read_text())[policy])


def test_what_is_printed_is_on_the_card_and_the_files_are_the_same_twice(trained, tmp_path, capsys):
    other, _figures = trained("cluster_bt")
    assert train("cluster_bt", tmp_path) == 0
    told = capsys.readouterr()
    assert told.out.strip() in (tmp_path / "ROUTER.md").read_text()
    assert str(tmp_path / "router.npz") in told.err
    for name in ("router.json", "router.npz", "ROUTER.md"):
        assert (tmp_path / name).read_bytes() == (other / name).read_bytes()


def test_the_file_says_where_it_comes_from(trained):
    out, _figures = trained("mf")
    about = load(out / "router.json").about
    assert (about["arena"], about["modality"], about["seed"]) == ("text", "text", 1)
    assert about["release"]["release"] == "2026-10"
    assert about["release"]["simulated"] is False
    assert "scikit-learn" in about["libraries"]
    assert about["figures"]["doubts"], "22 votes are no evidence"


def test_a_release_that_does_not_verify_trains_nothing(tmp_path, capsys):
    shutil.copytree(SAMPLE, tmp_path / "release")
    edit_votes(tmp_path / "release", flip)
    assert main([str(tmp_path / "release"), "--policy", "knn", "--out", str(tmp_path / "out")]) == 1
    assert "MISMATCH votes.parquet" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_what_is_no_release_is_told_and_ends_with_2(tmp_path, capsys):
    assert main([str(tmp_path), "--policy", "knn"]) == 2
    assert "manifest.json" in capsys.readouterr().err


def test_without_scikit_learn_it_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    assert train("cluster_bt", tmp_path) == 2
    assert "preference-arena[train]" in capsys.readouterr().err


def changed(table, column, value):
    """The tables of the sample with one column of one table set to a value."""
    old = tables()[table]
    field = old.schema.field(column)
    new = pa.array([value] * len(old), field.type)
    return {**tables(), table: old.set_column(old.schema.get_field_index(column), field, new)}


def none_of(table):
    return {**tables(), table: tables()[table].slice(0, 0)}


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (
            lambda: none_of("conversations"),
            NoPrompts,
            r"none of the 392 .* \(no_consent 100, published 292\)|\(published 292, no_consent 100\)",
        ),
        (lambda: none_of("votes"), NoPrompts, "none of the 0"),
        (lambda: changed("battles", "split", "train"), NoSplit, "test 0"),
        (lambda: changed("battles", "split", "mixed"), NoSplit, "train 0"),
        (lambda: changed("battles", "pair_propensity", 0.0), NoPropensities, "no unbiased estimate"),
        (lambda: {**tables(), "votes": tables()["votes"].slice(0, 60)}, TooFewVotes, "at least 100 to train"),
    ],
)
def test_what_the_release_lacks_is_named(given, error, message):
    with pytest.raises(error, match=message) as raised:
        routing_data(given())
    assert isinstance(raised.value, CannotTrain)


def test_votes_that_do_not_count_and_mixed_ones_teach_nothing():
    data = routing_data(tables())
    counted = pc.sum(tables()["votes"]["counted"]).as_py()
    assert sum(map(len, data.parts.values())) + sum(data.left_out.values()) == counted
    assert set(data.members) <= set(tables()["systems"]["contender"].to_pylist())
