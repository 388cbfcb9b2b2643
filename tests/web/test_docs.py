"""docs/methods.md and docs/privacy.md say what the pages say."""

from pathlib import Path

import pytest
from django.core.management import call_command

from arena.web.docs_files import docs_files
from arena.web.texts.model import Section, Text, as_markdown


@pytest.mark.parametrize("path", docs_files(), ids=lambda path: path.name)
def test_the_file_equals_the_page(path: Path) -> None:
    assert path.read_text("utf-8") == docs_files()[path], "run: manage.py write_docs"


def test_the_command_writes_the_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("arena.web.docs_files._DOCS", tmp_path)
    call_command("write_docs")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["methods.md", "privacy.md"]


def test_a_text_becomes_markdown() -> None:
    text = Text("Title", "Lead.", (Section("s", "Heading", ("One.", ("a", "b"))),))
    assert as_markdown(text, "note") == "# Title\n\n<!-- note -->\n\nLead.\n\n## Heading\n\nOne.\n\n- a\n- b\n"
