"""A cell says how well a contender does on a kind of prompt, and whether anybody compared it there."""

import numpy as np
import pyarrow as pa
import pytest

from data_releases import schema
from data_releases.cells import cell_table, fitted

MIRROR = {"left": "right", "right": "left", "tie": "tie", "both_bad": "both_bad"}


def table(spec, rows):
    """Rows of a table, of which a test names only what matters."""
    blank = {pa.string(): "", pa.bool_(): False}
    names = {field.name: blank.get(field.type, [] if pa.types.is_list(field.type) else 0) for field in spec.schema}
    return pa.Table.from_pylist([names | row for row in rows], schema=spec.schema)


def cells(votes, split="train"):
    """(part, cluster, contender) → cell, of (left, right, outcome, cluster[, counted]) votes on systems a, b and c."""
    systems = table(schema.SYSTEMS, [{"system_id": f"{name} v1", "contender": name} for name in "abc"])
    battles = table(
        schema.BATTLES, [{"battle_id": str(n), "cluster": vote[3], "split": split} for n, vote in enumerate(votes)]
    )
    rows = [
        {"battle_id": str(n), "left": f"{left} v1", "right": f"{right} v1", "outcome": outcome, "counted": not rest}
        for n, (left, right, outcome, _cluster, *rest) in enumerate(votes)
    ]
    found = cell_table(systems, battles, table(schema.VOTES, rows)).to_pylist()
    return {(row["part"], row["cluster"], row["contender"]): row for row in found}


VOTES = [("a", "b", "left", "en/coding")] * 20 + [("b", "c", "tie", "en/coding")] * 10
VOTES += [("a", "c", "both_bad", "fr/general")]


def test_counts_and_shares_are_those_of_the_votes():
    found = cells([*VOTES, ("b", "a", "left", "en/coding", "not counted")])
    a, b = found["all", "en/coding", "a"], found["all", "en/coding", "b"]
    assert (a["votes"], a["wins"], a["losses"], a["ties"], a["both_bad"]) == (20, 20, 0, 0, 0)
    assert (b["votes"], b["wins"], b["losses"], b["ties"]) == (30, 0, 20, 10)
    assert (b["raw"], b["relative"]) == (pytest.approx(1 / 3, abs=1e-4), pytest.approx(1 / 6, abs=1e-4))
    assert a["unique_best"]
    assert not b["unique_best"]


def test_a_cell_without_votes_is_imputed_and_has_no_share():
    found = cells(VOTES)["all", "fr/general", "b"]
    assert found["imputed"]
    assert found["raw"] is None
    assert not found["unique_best"]
    assert 0 < found["adjusted"] < 1


def test_one_vote_moves_a_cluster_little():
    found = cells(VOTES)
    assert found["all", "fr/general", "a"]["adjusted"] == pytest.approx(
        found["all", "en/coding", "a"]["adjusted"], abs=0.1
    )


def test_swapping_sides_changes_nothing():
    assert cells([(right, left, MIRROR[outcome], cluster) for left, right, outcome, cluster in VOTES]) == cells(VOTES)


def test_cells_for_training_have_not_seen_the_votes_of_the_test():
    found = cells(VOTES, split="test")
    assert {part for part, _cluster, _contender in found} == {"all"}


def test_the_fit_is_a_maximum():
    wins = np.array([[0, 7, 2.5], [3, 0, 4], [2.5, 1, 0]])

    def density(theta):
        differences = theta[:, None] - theta[None, :]
        return float((wins * -np.log1p(np.exp(-differences))).sum() - (theta**2).sum() / (2 * 0.5**2))

    best = fitted(wins, np.zeros(3), 0.5)
    for direction in (*np.eye(3), *-np.eye(3)):
        assert density(best) > density(best + 0.01 * direction)
