"""The index of the decisions lists every record under its title, and no number is used twice."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "decisions"


def test_the_index_lists_every_record_once_under_its_title():
    listed = re.findall(r"^- \[(\d{3})\]\(([\w.-]+)\) (.+)$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    records = sorted(FOLDER.glob("[0-9]*.md"))
    expected = [
        (path.name[:3], path.name, re.sub(r"^# \d+:? ", "", path.read_text().splitlines()[0])) for path in records
    ]
    assert listed == expected
    assert len({number for number, _name, _title in listed}) == len(listed)
