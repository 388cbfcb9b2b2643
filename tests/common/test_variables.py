"""Variables of the environment: typed, from files too, and wrong ones by name."""

import pytest

from arena.common.variables import VariableError, Variables, given

NAME = "SOME_VARIABLE"


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Variables:
    monkeypatch.delenv(NAME, raising=False)
    monkeypatch.delenv(f"{NAME}_FILE", raising=False)
    return Variables()


def test_what_is_not_set_is_the_default_and_was_asked_for(variables):
    assert variables.text(NAME, "a") == "a"
    assert variables.words(NAME, ["b"]) == ["b"]
    assert variables.whole(NAME, 3) == 3
    assert variables.flag(NAME, True) is True
    assert variables.names == {NAME}
    assert given(NAME) is None


@pytest.mark.parametrize(
    ("kind", "default", "value", "read"),
    [
        ("text", "else", " as it is ", " as it is "),
        ("text", "else", "", ""),
        ("words", ["else"], "a,b", ["a", "b"]),
        ("words", ["else"], "", []),
        ("whole", 1, "-20", -20),
        *(("flag", False, value, True) for value in ("1", "true", "True", "TRUE", "t", "yes", "Y", "on", "ON")),
        *(("flag", True, value, False) for value in ("0", "false", "False", "FALSE", "f", "no", "N", "off", "OFF")),
    ],
)
def test_what_is_set_is_read(variables, monkeypatch, kind, default, value, read):
    monkeypatch.setenv(NAME, value)
    assert getattr(variables, kind)(NAME, default) == read


@pytest.mark.parametrize(
    ("kind", "default", "value"), [("whole", 1, ""), ("whole", 1, "1.5"), ("flag", True, "maybe"), ("flag", True, "")]
)
def test_what_cannot_be_read_names_the_variable(variables, monkeypatch, kind, default, value):
    monkeypatch.setenv(NAME, value)
    with pytest.raises(VariableError, match=f"^{NAME}: '{value}' is"):
        getattr(variables, kind)(NAME, default)


def test_a_file_outweighs_the_variable_and_its_last_newline_is_no_part_of_it(variables, monkeypatch, tmp_path):
    (tmp_path / "value").write_text("of the file\n")
    monkeypatch.setenv(NAME, "of the variable")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "value"))
    assert variables.text(NAME, "") == "of the file"
    monkeypatch.setenv(f"{NAME}_FILE", "")
    assert variables.text(NAME, "") == "of the variable"


def test_a_file_that_cannot_be_read_names_the_variable_and_shows_nothing_of_it(variables, monkeypatch, tmp_path):
    (tmp_path / "value").write_bytes(b"\xffsecret")
    for path in (tmp_path / "value", tmp_path / "missing", tmp_path):
        monkeypatch.setenv(f"{NAME}_FILE", str(path))
        with pytest.raises(VariableError, match=f"^{NAME}_FILE: ") as caught:
            variables.text(NAME, "")
        assert "secret" not in str(caught.value)
