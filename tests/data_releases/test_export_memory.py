"""An export holds a few of a release's votes at a time, however many there are."""

from typing import Any, ClassVar

import pytest

from data_releases.formats import FORMATS, comparisons, files, fusionbench
from data_releases.formats.base import Data
from data_releases.formats.comparisons import Comparison
from tests.data_releases.exports import DATA, GRID, RELEASE, bytes_of, made

BATCH = 8


class Counted(Comparison):
    """A comparison that knows how many of its kind are in memory."""

    now: ClassVar[int] = 0
    most: ClassVar[int] = 0

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        Counted.now += 1
        Counted.most = max(Counted.most, Counted.now)

    def __del__(self) -> None:
        Counted.now -= 1


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "Comparison", Counted)
    monkeypatch.setattr(Counted, "most", 0)
    for module in (comparisons, files):
        monkeypatch.setattr(module, "ROWS", BATCH)
    monkeypatch.setattr(fusionbench, "QUERIES", BATCH)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_few_votes_are_in_memory_while_a_format_is_written(name: str, few_at_once: None) -> None:
    export = FORMATS[name].make(Data(RELEASE.tables, RELEASE.manifest))
    written = {path: bytes_of(file) for path, file in export.files.items()}
    of_one_query = int(GRID.outline.votes.max())
    assert 0 < Counted.most <= 3 * BATCH * of_one_query < len(DATA.comparisons) / 4
    assert Counted.now == 0
    # What is written does not depend on how many are in memory, but for the row groups of Parquet.
    same = {path for path in written if not path.endswith(".parquet")}
    assert {path: written[path] for path in same} == {path: made(name).files[path] for path in same}
