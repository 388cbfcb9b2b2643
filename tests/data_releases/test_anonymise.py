"""Pseudonyms and rare attributes."""

import hmac

import pyarrow as pa
import pytest

from data_releases.anonymise import OTHER, Pseudonyms, merge_rare, new_salt


def test_a_pseudonym_depends_on_salt_kind_and_identity() -> None:
    names = Pseudonyms(b"a" * 32)
    first = names.of("voter", "1")
    assert len(first) == 16
    assert first == Pseudonyms(b"a" * 32).of("voter", "1")
    assert len({first, names.of("voter", "2"), names.of("battle", "1"), Pseudonyms(b"b" * 32).of("voter", "1")}) == 4


@pytest.mark.parametrize("identity", ["", "1", "x" * 200, "é"])
def test_a_pseudonym_is_an_hmac(identity: str) -> None:
    salt = new_salt()
    expected = hmac.digest(salt, f"voter:{identity}".encode(), "sha256").hex()
    assert expected.startswith(Pseudonyms(salt).of("voter", identity))


def test_a_salt_is_random_and_of_one_length() -> None:
    assert new_salt() != new_salt()
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonyms(b"short")


def test_a_column_keeps_its_order() -> None:
    names = Pseudonyms(b"a" * 32)
    column = pa.chunked_array([["1", "2"], ["1"]])
    assert names.column("voter", column).to_pylist() == [names.of("voter", each) for each in "121"]


def test_a_combination_of_few_voters_is_merged_and_the_rarer_attribute_goes_first() -> None:
    languages = ["fr"] * 4 + ["de"] * 2 + ["it"]
    categories = ["code", "code", "math", "math", "code", "math", "code"]
    voters = ["a", "b", "c", "d", "a", "b", "a"]
    merged = merge_rare([pa.array(languages), pa.array(categories)], pa.array(voters), at_least=2)
    assert merged.columns[0].to_pylist() == ["fr"] * 4 + ["de"] * 2 + [OTHER]
    assert merged.columns[1].to_pylist() == ["code", "code", "math", "math", OTHER, OTHER, OTHER]
    assert (merged.merged_rows, merged.smallest) == (3, 2)


def test_many_rows_of_one_voter_are_one_voter() -> None:
    assert merge_rare([pa.array(["fr"] * 50)], pa.array(["a"] * 50), at_least=2).columns[0].to_pylist() == [OTHER] * 50


def test_values_that_say_nothing_stay() -> None:
    merged = merge_rare([pa.array(["und"]), pa.array(["{}"])], pa.array(["a"]), at_least=20)
    assert [column.to_pylist() for column in merged.columns] == [["und"], ["{}"]]
    assert (merged.merged_rows, merged.smallest) == (0, None)
