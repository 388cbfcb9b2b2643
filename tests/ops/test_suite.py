"""The suite's temporary files lie in memory where there is room for them."""

import os
from pathlib import Path

import pytest

from ops import suite


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that stands for the machine's memory."""
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(suite, "_MEMORY", tmp_path)
    monkeypatch.setattr(suite, "_ENOUGH_BYTES", 1)


def test_they_lie_in_a_folder_of_their_own_that_goes_at_the_end(tmp_path: Path) -> None:
    with suite.memory() as found:
        folder = Path(found["TMPDIR"])
        assert folder.parent == tmp_path
        # The servers run as another user and must get through.
        assert folder.stat().st_mode & 0o777 == 0o711
        (folder / "left").mkdir()
    assert list(tmp_path.iterdir()) == []


def test_where_somebody_chose_a_folder_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    with suite.memory() as found:
        assert found == {}


def test_where_there_is_too_little_room_or_none_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = os.statvfs(tmp_path)
    monkeypatch.setattr(suite, "_ENOUGH_BYTES", 2 * free.f_blocks * free.f_frsize)
    with suite.memory() as found:
        assert found == {}
    monkeypatch.setattr(suite, "_MEMORY", tmp_path / "none")
    with suite.memory() as found:
        assert found == {}
