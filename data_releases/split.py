"""Train, validation and test, so that neither a prompt nor a voter is on two sides. Pure.

Battles are the edges of a graph between voters and groups of nearly equal prompts. What hangs together goes to one
part, 80, 10 and 10 in 100. Two kinds of edges tie everything to everything and are cut:

- A prompt of many voters (a suggestion of the site, "hello") belongs to `train`, whoever wrote it; unless such prompts
  are more than `MOST_COMMON` of all battles, for then nothing would be left to test on.
- A component with more than `LARGE` of all battles is cut: its voters and its prompts draw their parts separately,
  with the square roots of the shares, so that where both agree the parts are in the ratio of the shares again.

A battle whose voter and prompt are in different parts is `mixed`: it may not be used beside the others.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy
from numpy.typing import NDArray

from data_releases.anonymise import Pseudonyms
from data_releases.columns import one_array
from data_releases.near_duplicates import Groups, groups_of_sketches

PARTS: Final = ("train", "validation", "test")
MIXED: Final = "mixed"
SPLITS: Final = (*PARTS, MIXED)
SHARES: Final = (0.8, 0.1, 0.1)
#: Prompts of more voters are everybody's.
MANY_VOTERS: Final = 20
MOST_COMMON: Final = 1 / 3
#: Components with a larger share of all battles are cut.
LARGE: Final = 0.05

Numbers: TypeAlias = NDArray[np.int64]
Draw: TypeAlias = Callable[[str], float]


def split_of(battles: pa.Table, names: Pseudonyms) -> pa.Array:
    """The part of each battle, from the sketches of first prompts; a battle whose prompt is gone is like no other.

    Args:
        battles: with `battle_id`, `voter` and `sketch`, see `part`.
        names: of the release.
    """
    groups = groups_of_sketches(pc.fill_null(one_array(battles["sketch"]), b""))
    return parts_of(one_array(battles["voter"]), groups, one_array(battles["battle_id"]), names.uniform)


def parts_of(voters: pa.Array, groups: Groups, battles: pa.Array, draw: Draw) -> pa.Array:
    """The part of each battle; a function of the rows as a set.

    Args:
        voters: (n,) who began each battle, as pseudonyms.
        groups: (n,) of its first prompt, see `near_duplicates`.
        battles: (n,) their pseudonyms; the least of a group names it.
        draw: a name to a number that is uniform in [0, 1), the same for the same name.
    """
    if not len(battles):
        return pa.array([], pa.string())
    names, voter = _numbered(voters)
    _numbers, group = np.unique(groups, return_inverse=True)
    common = _is_common(voter, group)[group]
    component = _components(voter[~common], group[~common], len(names), int(group.max()) + 1)
    whole = _drawn(_least(names, component), SHARES, draw)[component][voter]
    large = _is_large(component, voter)[component][voter]
    roots = np.sqrt(SHARES) / np.sqrt(SHARES).sum()
    of_voter = np.where(large, _drawn(names, roots, draw)[voter], whole)
    of_group = np.where(large, _drawn(_least(battles, group), roots, draw)[group], whole)
    of_group[common] = PARTS.index("train")
    return pa.array(SPLITS).take(pa.array(np.where(of_voter == of_group, of_voter, SPLITS.index(MIXED))))


def _numbered(names: pa.Array) -> tuple[pa.Array, Numbers]:
    """The distinct names in their order, and (n,) for each row the number of its name."""
    encoded = pc.dictionary_encode(names)
    order = pc.array_sort_indices(encoded.dictionary).to_numpy()
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return encoded.dictionary.take(pa.array(order)), rank[encoded.indices.to_numpy()]


def _is_common(voter: Numbers, group: Numbers) -> NDArray[np.bool_]:
    """(groups,) whether more than `MANY_VOTERS` asked it; none, where they are too many."""
    voters = int(voter.max()) + 1
    pairs = np.unique(group * voters + voter)
    common: NDArray[np.bool_] = np.bincount(pairs // voters, minlength=int(group.max()) + 1) > MANY_VOTERS
    return common if common[group].mean() <= MOST_COMMON else np.zeros_like(common)


def _components(voter: Numbers, group: Numbers, voters: int, groups: int) -> Numbers:
    """(voters,) the component of each."""
    size = voters + groups
    graph = scipy.sparse.csr_matrix((np.ones(len(voter), np.int8), (voter, voters + group)), shape=(size, size))
    _number, component = scipy.sparse.csgraph.connected_components(graph, directed=False)
    return np.unique(component[:voters], return_inverse=True)[1]


def _is_large(component: Numbers, voter: Numbers) -> NDArray[np.bool_]:
    """(components,) whether it must be cut; a voter alone cannot be."""
    battles, voters = np.bincount(component[voter]), np.bincount(component)
    return (battles > LARGE * len(voter)) & (voters > 1)


def _least(names: pa.Array, member_of: Numbers) -> pa.Array:
    """(sets,) the least name in each set."""
    order = pc.array_sort_indices(names).to_numpy()
    _sets, first = np.unique(member_of[order], return_index=True)
    return names.take(pa.array(order[first]))


def _drawn(names: pa.Array, shares: Sequence[float] | NDArray[np.float64], draw: Draw) -> Numbers:
    """(names,) the number of the part of each."""
    bounds = np.cumsum(shares)[:-1]
    return np.searchsorted(bounds, [draw(name) for name in names.to_pylist()], side="right")
