"""Nothing leaks across the parts: neither a voter nor a prompt that is nearly the same."""

import hashlib
import random
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from data_releases.near_duplicates import groups_of
from data_releases.split import MIXED, PARTS
from data_releases.split import parts_of as parts_of_columns


def draw(name):
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48


def parts_of(voters, groups, battles, draw):
    return parts_of_columns(pa.array(voters, pa.string()), groups, pa.array(battles, pa.string()), draw).to_pylist()


def name_of(kind, number):
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()[:16]


def rows_of(battles, voters, prompts, seed=1):
    rng = random.Random(seed)
    who = [name_of("voter", rng.randrange(voters)) for _ in range(battles)]
    what = np.array([rng.randrange(prompts) for _ in range(battles)])
    return who, what, [name_of("battle", number) for number in range(battles)]


@pytest.mark.parametrize(
    ("voters", "prompts"), [(3000, 100_000), (15, 400), (300, 400), (2000, 40), (5, 5)],
    ids=["everybody asks something else", "few voters", "all hangs together", "all ask the same", "tiny"],
)  # fmt: skip
def test_no_voter_and_no_prompt_is_in_two_parts(voters, prompts):
    who, what, battles = rows_of(6000, voters, prompts)
    parts = parts_of(who, what, battles, draw)
    for ends in (who, what.tolist()):
        seen = {(end, part) for end, part in zip(ends, parts, strict=True) if part != MIXED}
        assert len(seen) == len({end for end, _part in seen})
    assert {*parts} <= {*PARTS, MIXED}


def test_where_voters_share_no_prompts_nothing_is_lost_and_the_shares_are_kept():
    who, what, battles = rows_of(6000, 3000, 10**9)
    shares = Counter(parts_of(who, what, battles, draw))
    assert shares[MIXED] == 0
    assert shares["test"] == pytest.approx(600, abs=120)
    assert shares["validation"] == pytest.approx(600, abs=120)


def test_a_prompt_of_everybody_ties_nothing_together():
    who, what, battles = rows_of(6000, 3000, 10**9)
    what[::5] = 7
    shares = Counter(parts_of(who, what, battles, draw))
    assert shares["test"] > 300
    assert shares[MIXED] < 400
    assert {part for part, one in zip(parts_of(who, what, battles, draw), what, strict=True) if one == 7} == {
        "train",
        MIXED,
    }


def test_what_hangs_together_is_cut_and_each_part_keeps_something():
    shares = Counter(parts_of(*rows_of(6000, 300, 400), draw))
    assert min(shares[part] for part in PARTS) > 100
    assert shares["train"] > 4 * shares["test"]


def test_rows_in_any_order_have_the_same_parts():
    who, what, battles = rows_of(500, 40, 60)
    parts = dict(zip(battles, parts_of(who, what, battles, draw), strict=True))
    order = random.Random(3).sample(range(500), 500)
    again = parts_of([who[n] for n in order], what[order] * 3 + 1, [battles[n] for n in order], draw)
    assert dict(zip([battles[n] for n in order], again, strict=True)) == parts


def test_without_battles_there_are_no_parts():
    assert parts_of([], np.zeros(0, np.int64), [], draw) == []


def test_nearly_equal_prompts_are_one_group():
    poem = "Write a long poem about the sea in winter and the wind that never sleeps, please"
    prompts = [poem, poem.upper() + "!", poem.replace("please", "thanks"), "What is a monad?", "", ""]
    groups = groups_of(prompts).tolist()
    assert groups[0] == groups[1] == groups[2] != groups[3]
    # Two erased prompts have nothing in common.
    assert len(set(groups)) == 4


def test_equal_prompts_without_words_are_one_group():
    groups = groups_of(["???", "👍", "", "???", ""]).tolist()
    assert groups[0] == groups[3]
    assert len(set(groups)) == 4


def test_a_group_does_not_depend_on_what_else_is_there():
    prompts = [f"Tell me something about subject number {n} in {n % 7} words" for n in range(50)]
    other = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(100)]
    alone, together = groups_of(prompts).tolist(), groups_of(other + prompts).tolist()[100:]
    assert [alone.index(one) for one in alone] == [together.index(one) for one in together]
