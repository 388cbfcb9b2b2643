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
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

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
Names: TypeAlias = NDArray[np.str_]
Draw: TypeAlias = Callable[[str], float]


def split_of(battles: pa.Table, names: Pseudonyms) -> pa.Array:
    """The part of each battle, from the sketches of first prompts; a battle whose prompt is gone is like no other.

    Args:
        battles: with `battle_id`, `voter` and `sketch`, see `part`.
        names: of the release.
    """
    groups = groups_of_sketches(pc.fill_null(one_array(battles["sketch"]), b""))
    parts = parts_of(battles["voter"].to_pylist(), groups, battles["battle_id"].to_pylist(), names.uniform)
    return pa.array(parts, pa.string())


def parts_of(voters: Sequence[str], groups: Groups, battles: Sequence[str], draw: Draw) -> list[str]:
    """The part of each battle; a function of the rows as a set.

    Args:
        voters: who began each battle, as pseudonyms.
        groups: (n,) of its first prompt, see `near_duplicates`.
        battles: their pseudonyms; the least of a group names it.
        draw: a name to a number that is uniform in [0, 1), the same for the same name.
    """
    if not len(battles):
        return []
    names, voter = np.unique(np.array(voters), return_inverse=True)
    _numbers, group = np.unique(groups, return_inverse=True)
    common = _is_common(voter, group)[group]
    component = _components(voter[~common], group[~common], len(names), int(group.max()) + 1)
    whole = _drawn(_least(names, component), SHARES, draw)[component][voter]
    large = _is_large(component, voter)[component][voter]
    roots = np.sqrt(SHARES) / np.sqrt(SHARES).sum()
    of_voter = np.where(large, _drawn(names, roots, draw)[voter], whole)
    of_group = np.where(large, _drawn(_least(np.array(battles), group), roots, draw)[group], whole)
    of_group[common] = PARTS.index("train")
    return [PARTS[one] if one == other else MIXED for one, other in zip(of_voter, of_group, strict=True)]


def _is_common(voter: Numbers, group: Numbers) -> NDArray[np.bool_]:
    """(groups,) whether more than `MANY_VOTERS` asked it; none, where they are too many."""
    pairs = np.unique(np.stack([group, voter], axis=1), axis=0)
    common: NDArray[np.bool_] = np.bincount(pairs[:, 0], minlength=int(group.max()) + 1) > MANY_VOTERS
    return common if common[group].mean() <= MOST_COMMON else np.zeros_like(common)


def _components(voter: Numbers, group: Numbers, voters: int, groups: int) -> Numbers:
    """(voters,) the component of each."""
    size = voters + groups
    graph = csr_matrix((np.ones(len(voter), np.int8), (voter, voters + group)), shape=(size, size))
    _number, component = connected_components(graph, directed=False)
    return np.unique(component[:voters], return_inverse=True)[1]


def _is_large(component: Numbers, voter: Numbers) -> NDArray[np.bool_]:
    """(components,) whether it must be cut; a voter alone cannot be."""
    battles, voters = np.bincount(component[voter]), np.bincount(component)
    return (battles > LARGE * len(voter)) & (voters > 1)


def _least(names: Names, member_of: Numbers) -> Names:
    """(sets,) the least name in each set."""
    ordered, rank = np.unique(names, return_inverse=True)
    least = np.full(int(member_of.max()) + 1, len(ordered), np.int64)
    np.minimum.at(least, member_of, rank)
    return ordered[least]


def _drawn(names: Names, shares: Sequence[float] | NDArray[np.float64], draw: Draw) -> Numbers:
    """(names,) the number of the part of each."""
    bounds = np.cumsum(shares)[:-1]
    return np.searchsorted(bounds, [draw(str(name)) for name in names], side="right")
